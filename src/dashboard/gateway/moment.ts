import * as z from 'zod/mini';

/** A DateTime of the schema, as milliseconds since 1970. */
export const moment = z.pipe(
  z.string(),
  z.transform((text, context) => {
    const at = Date.parse(text);
    if (Number.isNaN(at)) context.issues.push({ code: 'custom', message: `"${text}" is no moment in ISO 8601.`, input: text });
    return at;
  }),
);
