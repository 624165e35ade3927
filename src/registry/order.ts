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
  return {
    epoch: said.epoch,
    time: said.time > latest ? arrival : said.time,
    payloadTime: said.payloadTime > latest ? arrival : said.payloadTime,
    rawTime: said.time,
    receivedAt,
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
  // Both ahead of the clock: their times are only arrivals, and what they said decides between a later message and a repeated one.
  if (isClamped(message) && isClamped(stored)) return message.rawTime - stored.rawTime;
  return message.time - stored.time || message.payloadTime - stored.payloadTime;
}
