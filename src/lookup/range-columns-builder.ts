import type { Columns } from './range-index.js';
import type { RangeTuple } from './registry.queries.js';

/** Gathers rows of unknown number in typed arrays that double as they fill. */
export class RangeColumnsBuilder {
  private size = 0;
  private ids = new Float64Array(1024);
  private firsts = new Float64Array(1024);
  private lasts = new Float64Array(1024);
  private targets = new Int32Array(1024);
  private froms = new Float64Array(1024);
  private tos = new Float64Array(1024);

  add([id, first, last, target, from, to]: RangeTuple): void {
    if (this.size === this.ids.length) this.double();
    const place = this.size++;
    this.ids[place] = id;
    this.firsts[place] = first;
    this.lasts[place] = last;
    this.targets[place] = target;
    this.froms[place] = from;
    this.tos[place] = to;
  }

  build(): Columns {
    const { size } = this;
    return {
      length: size,
      id: this.ids.subarray(0, size),
      first: this.firsts.subarray(0, size),
      last: this.lasts.subarray(0, size),
      target: this.targets.subarray(0, size),
      from: this.froms.subarray(0, size),
      to: this.tos.subarray(0, size),
    };
  }

  private double(): void {
    const wider = <Numbers extends Float64Array | Int32Array>(numbers: Numbers): Numbers => {
      const twice = new (numbers.constructor as new (length: number) => Numbers)(numbers.length * 2);
      twice.set(numbers);
      return twice;
    };
    this.ids = wider(this.ids);
    this.firsts = wider(this.firsts);
    this.lasts = wider(this.lasts);
    this.targets = wider(this.targets);
    this.froms = wider(this.froms);
    this.tos = wider(this.tos);
  }
}
