// What `npm start` and `npm test` share. Plain Node: it runs before anything is installed.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const bin = (path) => join(root, 'node_modules', path);

/** Runs a command and ends the process with its exit code if it fails. Quiet commands speak only then. */
export function run(label, command, args, { quiet = false, env = {} } = {}) {
  const started = Date.now();
  if (!quiet) process.stderr.write(`\n▸ ${label}\n`);
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: root,
    stdio: quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: environment(env),
  });
  if (status !== 0) {
    if (quiet) process.stderr.write(`${stdout ?? ''}${stderr ?? ''}`);
    process.stderr.write(`✗ ${label}${error ? `: ${error.message}` : ` (exit code ${status})`}\n`);
    process.exit(status ?? 1);
  }
  done(label, started);
}

/** Runs Node's commands side by side. What one prints comes in one piece, when it ends; if any fails, so does the process, after all of them. */
export async function together(commands) {
  const codes = await Promise.all(commands.map(([label, path, args]) => aside(label, bin(path), args)));
  const failed = codes.find((code) => code !== 0);
  if (failed !== undefined) process.exit(failed);
}

function aside(label, path, args) {
  const started = Date.now();
  const child = spawn(process.execPath, [path, ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environment(),
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (piece) => (text += piece));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      process.stderr.write(text);
      if (code === 0) done(label, started);
      else process.stderr.write(`✗ ${label} (${signal ?? `exit code ${code}`})\n`);
      resolve(code ?? 1);
    });
  });
}

const environment = (env = {}) => ({ ...process.env, NX_DAEMON: 'false', NX_TUI: 'false', ...env });

const done = (label, started) => process.stderr.write(`✓ ${label} ${((Date.now() - started) / 1000).toFixed(1)} s\n`);

/** Installs what the lock file says, unless that is what is there. */
export function install() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    process.stderr.write(`Espalier needs Node 20.19 or newer, this is ${process.versions.node}.\n`);
    process.exit(2);
  }
  const [lock, installed] = [join(root, 'package-lock.json'), bin('.package-lock.json')];
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  run('install', 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { quiet: true });
}

export function build() {
  run('build', process.execPath, [bin('nx/dist/bin/nx.js'), 'run-many', '-t', 'build', '--outputStyle=static'], {
    quiet: true,
  });
}

export const node = (label, path, args, options) =>
  run(label, process.execPath, [path.startsWith('.') ? join(root, path) : bin(path), ...args], options);
