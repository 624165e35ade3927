import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { messageOf } from '../errors.ts';

/** The path of a file of certificates to trust. Node takes one without any for an empty list, and then trusts nobody. */
export const caFile = z
  .string()
  .superRefine((path, context) => {
    const problem = problemOf(path);
    if (problem !== null) context.addIssue({ code: 'custom', message: problem });
  })
  .optional();

function problemOf(path: string): string | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return `the file cannot be read: ${messageOf(error)}. Name a file that exists and that this user may read`;
  }
  try {
    new X509Certificate(text);
    return null;
  } catch (error) {
    return `${path} holds no certificate (${messageOf(error)}). It must be PEM, which begins with -----BEGIN CERTIFICATE-----`;
  }
}
