import { Command } from 'commander';
import pc from 'picocolors';
import { BACKENDS } from '../backend.js';
import { type BackendHealth, checkBackends } from '../doctor/check.js';
import { machineFacts, type MachineFacts } from '../doctor/machine.js';
import { hanging, terminalWidth, wrapped } from '../layout.js';
import { jsonOption } from '../options.js';
import { beQuiet, bytes } from '../ui.js';

/** The documented exit code: something that Espalier needs does not work, or computes wrongly. */
const SICK = 3;

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('says which backends work here, and why the others do not')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExit code 0: all that is needed works; 3: something does not. webgpu is not needed, but must be right.',
    )
    .action(doctor);
}

async function doctor({ json }: { json?: boolean }): Promise<void> {
  // What it finds is said once, below.
  beQuiet(true);
  const machine = machineFacts();
  const backends = await checkBackends(BACKENDS);
  const healthy = machine.complaints.length === 0 && backends.every(isFine);
  const report = { healthy, machine, backends };
  process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : textOf(machine, backends, healthy));
  if (!healthy) process.exitCode = SICK;
}

/** It works, or is neither needed nor wrong. */
export const isFine = ({ works, needed, error }: BackendHealth) => works || (!needed && error === undefined);

function textOf(machine: MachineFacts, backends: readonly BackendHealth[], healthy: boolean): string {
  const { node, platform, cpu, cores, memory, tfjs, tfjsHere, webgpu, complaints } = machine;
  const elsewhere = Object.keys(tfjsHere).length > 0;
  return [
    `Node ${node}, ${platform}`,
    `${cpu}, ${cores} ${cores === 1 ? 'core' : 'cores'}, ${bytes(memory.totalBytes)} of memory, ${bytes(memory.freeBytes)} free`,
    ...indented(versions(tfjs)),
    ...(elsewhere ? indented(`In this folder programs run on others: ${versions(tfjsHere)}`) : []),
    ...(webgpu === undefined ? [] : [`npm webgpu ${webgpu}`]),
    ...complaints.flatMap((text) => indented(`${pc.red('✗')} ${text}`)),
    '',
    ...backends.flatMap(linesOf),
    '',
    healthy ? 'All that Espalier needs works here.' : pc.red('Not all that Espalier needs works here.'),
    '',
  ].join('\n');
}

/** 'TensorFlow.js 4.22.0: core, layers; 4.21.0: data'. */
function versions(tfjs: Readonly<Record<string, string>>): string {
  const names = Object.keys(tfjs);
  const each = [...new Set(Object.values(tfjs))].map(
    (version) => `${version}: ${names.filter((name) => tfjs[name] === version).join(', ')}`,
  );
  return `TensorFlow.js ${each.join('; ')}`;
}

const indented = (text: string) => hanging(text, terminalWidth());

/** The width of mark and name. */
const INDENT = 10;

function linesOf(health: BackendHealth): string[] {
  const { backend, works, error, facts, reason, fix } = health;
  const mark = works ? pc.green('✓') : isFine(health) ? pc.yellow('–') : pc.red('✗');
  const agrees = works && backend !== 'cpu' ? [`agrees with cpu (${error!.toExponential(0)})`] : [];
  const [first, ...others] = works ? [...facts, ...agrees] : [reason!, ...(fix === undefined ? [] : [fix])];
  const [head, ...rest] = [first, ...others].flatMap((text) => wrapped(text, terminalWidth() - INDENT));
  return [
    `${mark} ${pc.bold(backend.padEnd(6))}  ${head}`,
    ...rest.map((text) => `${' '.repeat(INDENT)}${pc.dim(text)}`),
  ];
}
