const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A length of time in one unit: `8 s`, `3 min`, `2 h`, `5 d`. @param duration milliseconds */
export function inOneUnit(duration: number): string {
  const length = Math.max(0, duration);
  if (length < MINUTE) return `${Math.floor(length / SECOND)} s`;
  if (length < HOUR) return `${Math.floor(length / MINUTE)} min`;
  if (length < 2 * DAY) return `${Math.floor(length / HOUR)} h`;
  return `${Math.floor(length / DAY)} d`;
}

/** `now`, `8 s ago`, `in 3 min`. Moments in milliseconds since 1970. */
export function relative(at: number, now: number): string {
  const distance = now - at;
  // A clock that is a little ahead is no future.
  if (distance < -2 * SECOND) return `in ${inOneUnit(-distance)}`;
  return distance < 2 * SECOND ? 'now' : `${inOneUnit(distance)} ago`;
}

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const short = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const whole = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

/** `14:03:22`, with the day where it is more than 20 hours away. */
export function timeOfDay(at: number, now: number): string {
  return Math.abs(now - at) < 20 * HOUR ? clock.format(at) : `${day.format(at)}, ${clock.format(at)}`;
}

export const hourAndMinute = (at: number): string => short.format(at);
export const wholeTime = (at: number): string => whole.format(at);
