import type { MessageTime } from '../events/announcement.ts';
import type { AcceptedMessage } from './node-record.ts';

/** A node's clock may be ahead of the gateway's by this much before its times count as time of arrival. Microseconds. */
const CLOCK_TOLERANCE = 5 * 60 * 1_000_000;

/**
 * The message's order key, taken at `receivedAt` (milliseconds since 1970). A time too far ahead becomes the time of arrival, or one
 * wrong clock would block a node for good; what it said is kept as `rawTime`.
 */
export function acceptAt(said: MessageTime, receivedAt: number): AcceptedMessage {
  const arrival = receivedAt * 1000;
  const latest = arrival + CLOCK_TOLERANCE;
  const isAhead = said.time > latest;
  return {
    epoch: said.epoch,
    time: isAhead ? arrival : said.time,
    payloadTime: said.payloadTime > latest ? arrival : said.payloadTime,
    rawTime: said.time,
    aheadTime: isAhead ? said.time : 0,
    receivedAt,
  };
}

/** The order key to keep once `message` was accepted after `stored`: it goes on fencing what `stored` fenced. */
export function following(message: AcceptedMessage, stored: AcceptedMessage): AcceptedMessage {
  const ahead = aheadOf(stored);
  // A later life's clock may be less far ahead, and so may one that was put back: the latter comes as the answer to a question.
  const isAnotherClock = isOfEarlierLife(stored, message) || (isClamped(message) && message.rawTime < ahead);
  return {
    ...message,
    // An epoch once known keeps fencing: a later message without one does not open the door to an earlier life.
    epoch: message.epoch ?? stored.epoch,
    aheadTime: isAnotherClock ? message.aheadTime : Math.max(message.aheadTime, ahead),
  };
}

export function isClamped(message: AcceptedMessage): boolean {
  return message.time !== message.rawTime;
}

/** Whether the message was said by a life of the node before the other one's. Where an epoch is missing nobody can tell. */
export function isOfEarlierLife(message: AcceptedMessage, other: AcceptedMessage): boolean {
  return message.epoch !== null && other.epoch !== null && message.epoch < other.epoch;
}

/** Negative when `message` was said before `stored`, 0 at a tie. A missing epoch says nothing; then the times decide. */
export function compareOrder(message: AcceptedMessage, stored: AcceptedMessage): number {
  if (message.epoch !== null && stored.epoch !== null && message.epoch !== stored.epoch) return message.epoch - stored.epoch;
  if (isClamped(message)) {
    // Its time is only its arrival. What it said decides between a later message and a repeated one, also after the clock was put right.
    if (isClamped(stored)) return message.rawTime - aheadOf(stored);
    if (message.rawTime <= aheadOf(stored)) return -1;
  }
  return message.time - stored.time || message.payloadTime - stored.payloadTime;
}

/** Also for what a version of the gateway wrote that keeps `rawTime` only. */
function aheadOf(message: AcceptedMessage): number {
  return isClamped(message) ? Math.max(message.aheadTime, message.rawTime) : message.aheadTime;
}
