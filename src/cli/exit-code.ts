/** What the program says to whoever runs it from a script: docs/cli.md. */
export const EXIT = {
  ok: 0,
  /** Nothing was found, or a fault was. */
  nothing: 1,
  /** The command line, or what a variable of it says, is wrong. */
  usage: 2,
  /** No gateway answers, or it cannot answer this at the moment. */
  unreachable: 3,
  /** The gateway answered, and refused. */
  refused: 4,
} as const;
