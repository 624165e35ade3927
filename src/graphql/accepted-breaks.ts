/** A break of the schema that somebody answers for. */
export interface AcceptedBreak {
  /** The sentence that `npm run schema:check` prints for it, to the letter. */
  readonly what: string;
  /** Why no client in use is hurt, or how those that are were told. */
  readonly why: string;
}

/**
 * What `npm run schema:check` lets pass although a client written for an earlier schema may fail by it. A field that nobody had in a
 * release is such a case; whatever was released is better deprecated, with a reason, and kept. An entry that no longer occurs is refused.
 */
export const ACCEPTED_BREAKS: readonly AcceptedBreak[] = [
  {
    what: 'Query.capabilities arg first defaultValue was removed.',
    why: 'It was in no release, and the field answers as before where the argument is left out.',
  },
];
