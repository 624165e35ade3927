/*
 * The first step of `npm start` and `npm test`: a Node that is new enough, and the dependencies that package-lock.json
 * names. Plain JavaScript without imports from npm, since it runs before there are any. Quick when nothing is to do.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
/** The first 20 that loads ES modules with `require`, which the tools rely on. */
const OLDEST = [20, 19];

checkNode(process.versions.node);
const reason = whyInstall();
if (reason !== null) install(reason);

function checkNode(version) {
  const [major, minor] = version.split('.').map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return;
  console.error(`discovery-gateway needs Node ${OLDEST.join('.')} or newer, and this is ${version} (${process.execPath}).`);
  console.error('Install a newer one from https://nodejs.org or with your version manager, or use Docker: docker compose up');
  process.exit(1);
}

/** Compares what npm wrote down after its last installation with the lock file; null when they agree. */
function whyInstall() {
  const wanted = readJson(join(root, 'package-lock.json'));
  if (wanted === null) fail('package-lock.json is missing: this is not a whole checkout');
  // npm writes it last: an interrupted installation has none.
  const installed = readJson(join(root, 'node_modules', '.package-lock.json'));
  if (installed === null) return 'the dependencies are not installed yet';
  for (const [path, { version, optional }] of Object.entries(wanted.packages)) {
    if (path === '') continue;
    const found = installed.packages[path];
    // Packages for other platforms are optional, and rightly absent.
    if (found === undefined ? !optional : found.version !== version) return `package-lock.json names another ${path}`;
  }
  return null;
}

function install(why) {
  console.log(`Installing the npm dependencies: ${why}`);
  // Under npm this is its own script, so that the npm that was called is the one that installs.
  const npm = process.env.npm_execpath;
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund'];
  const [file, ...before] = npm === undefined ? ['npm'] : [process.execPath, npm];
  const { status, signal, error } = spawnSync(file, [...before, ...args], { cwd: root, stdio: 'inherit' });
  if (signal !== null) fail(`npm ci was ended by ${signal}`);
  if (error !== undefined) fail(`npm could not be started: ${error.message}`);
  if (status !== 0) fail(`npm ci failed with code ${status}; its output above says why`);
}

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
