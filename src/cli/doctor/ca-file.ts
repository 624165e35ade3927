import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { messageOf } from '../../errors.ts';
import type { TlsVariables } from '../../tls-fault.ts';
import { type Finding, findingsOf } from './finding.ts';
import type { Tls } from './reach.ts';

/** The certificates of a `…_CA_FILE`, or why they cannot be had. */
export function readCa(variables: TlsVariables, path: string | null, now: number): { readonly tls: Tls; readonly fault: Finding | null } {
  const variable = variables.caFile;
  const { fault } = findingsOf('configuration');
  if (path === null) return { tls: { ca: undefined, variables }, fault: null };
  try {
    const ca = readFileSync(path, 'utf8');
    const until = new X509Certificate(ca).validTo;
    const isOver = Date.parse(until) < now;
    return {
      tls: { ca, variables },
      fault: isOver ? fault(`${variable}: the certificate in ${path} was valid until ${until}`, 'put a newer one there') : null,
    };
  } catch (error) {
    const remedy = 'it must be a readable file of certificates in PEM, which begin with -----BEGIN CERTIFICATE-----';
    return { tls: { ca: undefined, variables }, fault: fault(`${variable}: ${path} cannot be used: ${messageOf(error)}`, remedy) };
  }
}
