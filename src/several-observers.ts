import type { OperationObserver } from './http/operation-observer.ts';
import type { RegistryObserver } from './registry/observer.ts';

/** Tells all of them. A message's trace is that of the first which has one. */
export function tellAll(observers: readonly RegistryObserver[]): RegistryObserver {
  return {
    received: (...told) => observers.forEach((each) => void each.received(...told)),
    began: (...told) => observers.forEach((each) => void each.began(...told)),
    step: (...told) => observers.forEach((each) => void each.step(...told)),
    ended: (...told) => observers.forEach((each) => void each.ended(...told)),
    ordered: (...told) => observers.forEach((each) => void each.ordered(...told)),
    arrived: (...told) => observers.forEach((each) => void each.arrived(...told)),
    traceparentOf: (position) => observers.map((each) => each.traceparentOf(position)).find((found) => found !== null) ?? null,
  };
}

/** The same for operations. */
export function tellBoth(first: OperationObserver, second: OperationObserver): OperationObserver {
  return {
    began: (operation) => first.began?.(operation) ?? second.began?.(operation) ?? null,
    answered: (operation) => {
      first.answered(operation);
      second.answered(operation);
    },
  };
}
