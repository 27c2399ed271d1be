// Numbers, times and hostile texts as people read them.

import { language } from "./words.js";

const whole = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
const precise = new Intl.NumberFormat(language, { maximumSignificantDigits: 3 });

export function count(number) {
  return number > 0 && number < 10 ? short.format(number) : whole.format(number);
}

export function bytes(number) {
  let value = number;
  for (const unit of ["B", "kB", "MB", "GB"]) {
    if (value < 1000 || unit === "GB") {
      return `${(unit === "B" ? whole : short).format(value)} ${unit}`;
    }
    value /= 1000;
  }
}

export function duration(ms) {
  const seconds = Math.floor(ms / 1000);
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = two(Math.floor(seconds / 60) % 60);
  return `${hours > 0 ? `${hours}:` : ""}${minutes}:${two(seconds % 60)}`;
}

/** A time as it is measured: three digits tell enough. */
export function milliseconds(ms) {
  return ms < 1000 ? `${precise.format(ms)} ms` : `${precise.format(ms / 1000)} s`;
}

/** The time of day of seconds since 1970. */
export function clockSeconds(seconds) {
  return clock(seconds * 1000).slice(0, 8);
}

/** The time of day of an event, with milliseconds. */
export function clock(time) {
  const date = new Date(time);
  const two = (number) => String(number).padStart(2, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${
    String(date.getMilliseconds()).padStart(3, "0")
  }`;
}

/** A text whose control characters, and those that turn the direction, can be seen. */
export function visible(text) {
  return text.replace(
    /[\p{Cc}\p{Bidi_Control}\ufeff]/gu,
    (one) => {
      const code = one.charCodeAt(0);
      if (code < 0x20) return String.fromCharCode(0x2400 + code);
      return code === 0x7f ? "\u2421" : `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
    },
  );
}
