// npm run dev: builds on every change of a source, and starts the service anew with each build that has no errors.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const TSC = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const say = (text) => console.log(`dev: ${text}`);

/** The service that runs, and when it is gone; undefined while there is none. */
let service;
let restarting = false;
let stopping = false;

function startService() {
  const child = spawn(process.execPath, ['--enable-source-maps', 'dist/src/main.js'], { stdio: 'inherit' });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  const mine = (service = { child, gone });
  void gone.then((code) => {
    if (service !== mine) return;
    service = undefined;
    if (!stopping && !restarting) say(`the service ended with ${code}: waiting for a change`);
  });
}

/** Waits for the end: only then are its port and its embedded server free for the next. */
async function stopService() {
  service?.child.kill('SIGTERM');
  await service?.gone;
}

/** One at a time: a build that ends while the service stops is the one that starts next. */
async function restart() {
  if (restarting) return;
  restarting = true;
  await stopService();
  restarting = false;
  if (stopping) return;
  say('starting the service');
  startService();
}

const tsc = spawn(process.execPath, [TSC, '-p', 'tsconfig.build.json', '--watch', '--preserveWatchOutput'], {
  stdio: ['ignore', 'pipe', 'inherit'],
});

async function stop(code) {
  if (stopping) return;
  stopping = true;
  tsc.kill();
  await stopService();
  process.exit(code);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => void stop(0));
tsc.once('exit', () => void stop(1));
createInterface({ input: tsc.stdout }).on('line', (line) => {
  const errors = /Found (\d+) errors?\. Watching/.exec(line)?.[1];
  if (errors === undefined) console.log(line);
  else if (errors === '0') void restart();
  else say(`${errors} errors: the service stays as it is`);
});
