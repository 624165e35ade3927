import { gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

/** What the page may load before it shows anything. Bytes of JavaScript, gzipped; brotli makes less of it. */
const MOST = 150_000;

/** Of what a bundler wrote, what counts here. */
interface Output {
  readonly type: 'chunk' | 'asset';
  readonly isEntry?: boolean;
  readonly code?: string;
  /** Names of the chunks that are loaded before this one runs. */
  readonly imports?: readonly string[];
}

/** Bytes, gzipped, of the scripts that a bundle's entries load before they run; what is imported later does not count. */
export function firstLoad(bundle: Readonly<Record<string, Output>>): number {
  const loaded = new Set(Object.keys(bundle).filter((name) => bundle[name]?.isEntry));
  let bytes = 0;
  for (const name of loaded) {
    const { code = '', imports = [] } = bundle[name] ?? {};
    bytes += gzipSync(code).length;
    for (const imported of imports) loaded.add(imported);
  }
  return bytes;
}

/** Says how much JavaScript the page loads at first, and fails the build where that is too much. */
export function limitFirstLoad(most: number = MOST): Plugin {
  return {
    name: 'limit-first-load',
    apply: 'build',
    generateBundle(_options, bundle) {
      const bytes = firstLoad(bundle);
      const said = `The first load of the page is ${kilobytes(bytes)} of JavaScript, gzipped`;
      if (bytes > most) {
        this.error(`${said}; ${kilobytes(most)} are the most. Load what is not shown at once with import(), or use a smaller library`);
      }
      this.info(said);
    },
  };
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} KB`;
}
