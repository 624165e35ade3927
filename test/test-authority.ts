import forge from 'node-forge';

/** A certificate with its key, PEM. */
export interface Identity {
  readonly certificate: string;
  readonly key: string;
}

export interface IdentityOptions {
  /** What it is good for. Default: localhost and 127.0.0.1. */
  readonly names?: readonly string[];
  /** Default: a day ago and in a day. */
  readonly from?: Date;
  readonly until?: Date;
}

const DAY = 86_400_000;

/** A certificate authority that exists for one test. */
export class TestAuthority {
  readonly #name: forge.pki.CertificateField[];
  readonly #keys = forge.pki.rsa.generateKeyPair(2048);
  #serial = 1;
  /** What whoever trusts it has to know, PEM. */
  readonly certificate: string;

  constructor(name: string) {
    this.#name = [{ name: 'commonName', value: name }];
    this.certificate = this.#sign(this.#name, this.#keys.publicKey, {}, [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, critical: true },
    ]);
  }

  /** The certificate of a server, signed by this authority. All have one key: making another would take longer than all else. */
  identity({ names = ['localhost', '127.0.0.1'], ...validity }: IdentityOptions = {}): Identity {
    const { publicKey, privateKey } = this.#keys;
    const altNames = names.map((name) => (/^[\d.]+$/.test(name) ? { type: 7, ip: name } : { type: 2, value: name }));
    const certificate = this.#sign([{ name: 'commonName', value: 'server' }], publicKey, validity, [
      { name: 'basicConstraints', cA: false },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames },
    ]);
    return { certificate, key: forge.pki.privateKeyInfoToPem(forge.pki.wrapRsaPrivateKey(forge.pki.privateKeyToAsn1(privateKey))) };
  }

  #sign(
    subject: forge.pki.CertificateField[],
    publicKey: forge.pki.rsa.PublicKey,
    { from = new Date(Date.now() - DAY), until = new Date(Date.now() + DAY) }: Omit<IdentityOptions, 'names'>,
    extensions: readonly object[],
  ): string {
    const certificate = forge.pki.createCertificate();
    certificate.publicKey = publicKey;
    certificate.serialNumber = String(this.#serial++).padStart(2, '0');
    certificate.validity.notBefore = from;
    certificate.validity.notAfter = until;
    certificate.setSubject(subject);
    certificate.setIssuer(this.#name);
    certificate.setExtensions([...extensions]);
    certificate.sign(this.#keys.privateKey, forge.md.sha256.create());
    return forge.pki.certificateToPem(certificate);
  }
}
