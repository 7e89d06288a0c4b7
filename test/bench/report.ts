import type { Machine } from './machine.js';
import { type Finding, median, passes, ratioOf, ratiosOf } from './rounds.js';

/** A table for people: medians over the rounds, and the smallest and largest ratio of a round. */
export function tableOf(machine: Machine, findings: Finding[]): string {
  const rows = findings.map(rowOf);
  const header = ['name', 'ours', 'floor', 'ratio', 'spread', 'demanded', '', 'against'];
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]!.length)),
  );
  const line = (cells: string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd();
  return [
    `${machine.cpu}, ${machine.cores} cores, ${machine.memory_gib} GiB, ${machine.system}, Node ${machine.node}`,
    `PostgreSQL ${machine.postgres}; 8 KiB made durable in ${machine.sync_ms} ms; load before: ${machine.load}`,
    '',
    line(header),
    line(widths.map((width) => '─'.repeat(width))),
    ...rows.map(line),
  ].join('\n');
}

function rowOf(finding: Finding): string[] {
  const ratios = ratiosOf(finding);
  const { demand } = finding;
  return [
    finding.name,
    amountOf(median(finding.ours), finding.unit),
    amountOf(median(finding.floor), finding.unit),
    ratioOf(finding).toFixed(2),
    ratios.length > 1 ? `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}` : '',
    'atLeast' in demand ? `≥ ${demand.atLeast}` : `≤ ${demand.atMost}`,
    passes(finding) ? 'pass' : 'MISSED',
    finding.against,
  ];
}

function amountOf(value: number, unit: string): string {
  const digits = value >= 100 ? 0 : 2;
  return (
    value.toLocaleString('en', { maximumFractionDigits: digits }) + (unit.startsWith('/') ? unit : ` ${unit}`)
  );
}

/** The same and all single values, for programs. */
export function jsonOf(machine: Machine, findings: Finding[]): string {
  const results = findings.map((finding) => ({
    ...finding,
    ratios: ratiosOf(finding),
    ratio: ratioOf(finding),
    passes: passes(finding),
  }));
  return `${JSON.stringify({ at: new Date().toISOString(), machine, results }, null, 2)}\n`;
}
