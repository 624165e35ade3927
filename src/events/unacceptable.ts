import type { RejectionType } from './announcement.ts';

/** A message that can never be accepted. Thrown inside the parser only: {@link parseMessage} turns it into a Rejection. */
export class Unacceptable extends Error {
  override readonly name = 'Unacceptable';
  readonly errorType: RejectionType;

  constructor(errorType: RejectionType, message: string, options?: ErrorOptions) {
    super(message, options);
    this.errorType = errorType;
  }
}
