/**
 * The place and language tests run in: a time zone that is 12 h 45 min from UTC and has daylight saving, and a language that
 * writes 1.234,5 and sorts ı before i. What depends on where it runs fails here.
 */
export const elsewhere = { TZ: "Pacific/Chatham", LANG: "tr_TR.UTF-8", LC_ALL: "tr_TR.UTF-8" }
