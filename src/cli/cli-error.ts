/** Ends the program: the message goes to stderr. It says what was wrong, and what to do. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: number;
  /** The code of the gateway's contract, where it was the gateway that said so. */
  readonly code: string | null;

  constructor(exitCode: number, message: string, code: string | null = null, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
    this.code = code;
  }
}

/** Whoever reads the output has gone, as `head` does: there is nobody to tell anything any more. */
export class OutputClosed extends Error {
  override readonly name = 'OutputClosed';
}
