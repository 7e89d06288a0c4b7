/** What was measured, each value of one round; a higher figure is better unless the demand says `atMost`. */
export interface Finding {
  name: string;
  unit: string;
  /** What it is held against. */
  against: string;
  ours: number[];
  floor: number[];
  demand: { atLeast: number } | { atMost: number };
  notes?: Record<string, unknown>;
}

/** How long and how often to measure. */
export interface Effort {
  rounds: number;
  /** Of one measurement under load. */
  seconds: number;
  /** Assignments of the import. */
  rows: number;
}

/**
 * Measures ours and the floor in turn, so that a busy moment of the machine falls on both; what is compared is
 * the two of one round.
 */
export async function inTurn(
  rounds: number,
  ours: (round: number) => Promise<number>,
  floor: (round: number) => Promise<number>,
): Promise<{ ours: number[]; floor: number[] }> {
  const measured: { ours: number[]; floor: number[] } = { ours: [], floor: [] };
  for (let round = 0; round < rounds; round++) {
    measured.ours.push(await ours(round));
    measured.floor.push(await floor(round));
  }
  return measured;
}

export function ratiosOf({ ours, floor }: Finding): number[] {
  return ours.map((value, round) => value / floor[round]!);
}

export function ratioOf(finding: Finding): number {
  return median(ratiosOf(finding));
}

export function passes(finding: Finding): boolean {
  const ratio = ratioOf(finding);
  return 'atLeast' in finding.demand ? ratio >= finding.demand.atLeast : ratio <= finding.demand.atMost;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >>> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
