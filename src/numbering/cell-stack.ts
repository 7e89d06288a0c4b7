const NOTHING = -1;

/**
 * Rows laid over cells 0, 1, 2 …, and at every cell the strongest of those that lie there; the strength of a
 * row is its index.
 *
 * A segment tree. A row hangs on the O(log n) nodes that make up its cells, on each in a leftist heap with
 * the strongest at the root. `highest` and `lowest` are the strongest rows over a node's cells as far as they
 * hang on the node or below it; where both are equal the cells look the same and nobody needs to look deeper.
 */
export class CellStack {
  private size = 1;
  private heaps = new Int32Array(0);
  private highest = new Int32Array(0);
  private lowest = new Int32Array(0);
  private lies = new Uint8Array(0);
  private entries = new EntryHeaps();

  /** Forgets everything and makes room for `cells` cells and `rows` rows. */
  reset(cells: number, rows: number): void {
    this.size = 1;
    while (this.size < cells) this.size *= 2;
    const nodes = 2 * this.size;
    if (this.heaps.length < nodes) {
      this.heaps = new Int32Array(nodes);
      this.highest = new Int32Array(nodes);
      this.lowest = new Int32Array(nodes);
    }
    this.heaps.fill(0, 0, nodes);
    this.highest.fill(NOTHING, 0, nodes);
    this.lowest.fill(NOTHING, 0, nodes);
    if (this.lies.length < rows) this.lies = new Uint8Array(rows);
    this.lies.fill(0, 0, rows);
    this.entries.reset();
  }

  lay(row: number, firstCell: number, lastCell: number): void {
    this.lies[row] = 1;
    this.update(firstCell, lastCell, row);
  }

  lift(row: number, firstCell: number, lastCell: number): void {
    this.lies[row] = 0;
    this.update(firstCell, lastCell, NOTHING);
  }

  /** Adds to `out` a triple (first cell, last cell, row) for every maximal stretch of cells where `row` is on top. */
  findVisible(row: number, firstCell: number, lastCell: number, out: number[]): void {
    this.visit(1, 0, this.size - 1, NOTHING, firstCell, lastCell, row, out, out.length);
  }

  /** Adds to `out` a triple (first cell, last cell, row on top or -1) for every maximal stretch of equal cells. */
  findTops(firstCell: number, lastCell: number, out: number[]): void {
    this.visit(1, 0, this.size - 1, NOTHING, firstCell, lastCell, NOTHING, out, out.length);
  }

  /** Goes down to uniform nodes; given a row (that lies on all the cells) it skips what is above that row. */
  private visit(
    node: number,
    nodeFirst: number,
    nodeLast: number,
    above: number,
    firstCell: number,
    lastCell: number,
    row: number,
    out: number[],
    outStart: number,
  ): void {
    if (nodeFirst > lastCell || nodeLast < firstCell) return;
    const highest = Math.max(above, this.highest[node]!);
    const lowest = Math.max(above, this.lowest[node]!);
    if (row !== NOTHING && lowest > row) return;
    if (highest === lowest || highest === row) {
      append(out, outStart, Math.max(nodeFirst, firstCell), Math.min(nodeLast, lastCell), highest);
      return;
    }
    const top = Math.max(above, this.entries.rowOf(this.heaps[node]!));
    const middle = (nodeFirst + nodeLast) >> 1;
    this.visit(2 * node, nodeFirst, middle, top, firstCell, lastCell, row, out, outStart);
    this.visit(2 * node + 1, middle + 1, nodeLast, top, firstCell, lastCell, row, out, outStart);
  }

  private update(firstCell: number, lastCell: number, added: number): void {
    let left = firstCell + this.size;
    let right = lastCell + 1 + this.size;
    for (; left < right; left >>= 1, right >>= 1) {
      if (left & 1) this.change(left++, added);
      if (right & 1) this.change(--right, added);
    }
    left = (firstCell + this.size) >> 1;
    right = (lastCell + this.size) >> 1;
    for (; left >= 1; left >>= 1, right >>= 1) {
      this.refresh(left);
      if (right !== left) this.refresh(right);
    }
  }

  /** A lifted row leaves a heap when it comes to the root: the root always lies. */
  private change(node: number, added: number): void {
    let heap = this.heaps[node]!;
    if (added !== NOTHING) heap = this.entries.add(heap, added);
    while (heap !== 0 && this.lies[this.entries.rowOf(heap)] === 0) heap = this.entries.removeRoot(heap);
    this.heaps[node] = heap;
    this.refresh(node);
  }

  private refresh(node: number): void {
    const own = this.entries.rowOf(this.heaps[node]!);
    if (node >= this.size) {
      this.highest[node] = own;
      this.lowest[node] = own;
      return;
    }
    this.highest[node] = Math.max(own, this.highest[2 * node]!, this.highest[2 * node + 1]!);
    this.lowest[node] = Math.max(own, Math.min(this.lowest[2 * node]!, this.lowest[2 * node + 1]!));
  }
}

function append(out: number[], outStart: number, first: number, last: number, row: number): void {
  const end = out.length;
  if (end > outStart && out[end - 1] === row && out[end - 2] === first - 1) out[end - 2] = last;
  else out.push(first, last, row);
}

/** Leftist max-heaps of rows in one pool of typed arrays. Entry 0 is the empty heap. */
class EntryHeaps {
  private rows = new Int32Array(1024).fill(NOTHING);
  private lefts = new Int32Array(1024);
  private rights = new Int32Array(1024);
  private ranks = new Uint8Array(1024);
  private used = 1;
  private free = 0;

  reset(): void {
    this.used = 1;
    this.free = 0;
  }

  /** The strongest row of a heap; -1 of the empty one. */
  rowOf(heap: number): number {
    return this.rows[heap]!;
  }

  add(heap: number, row: number): number {
    const entry = this.take();
    this.rows[entry] = row;
    this.lefts[entry] = 0;
    this.rights[entry] = 0;
    this.ranks[entry] = 1;
    return this.meld(heap, entry);
  }

  removeRoot(heap: number): number {
    const rest = this.meld(this.lefts[heap]!, this.rights[heap]!);
    this.lefts[heap] = this.free;
    this.free = heap;
    return rest;
  }

  /** As deep as the logarithm of the heap: only right spines are walked. */
  private meld(a: number, b: number): number {
    if (a === 0) return b;
    if (b === 0) return a;
    const [root, other] = this.rows[a]! > this.rows[b]! ? [a, b] : [b, a];
    const merged = this.meld(this.rights[root]!, other);
    const left = this.lefts[root]!;
    const isLeftist = this.ranks[left]! >= this.ranks[merged]!;
    this.lefts[root] = isLeftist ? left : merged;
    this.rights[root] = isLeftist ? merged : left;
    this.ranks[root] = this.ranks[this.rights[root]!]! + 1;
    return root;
  }

  private take(): number {
    if (this.free !== 0) {
      const entry = this.free;
      this.free = this.lefts[entry]!;
      return entry;
    }
    if (this.used === this.rows.length) this.grow();
    return this.used++;
  }

  private grow(): void {
    const length = 2 * this.rows.length;
    const longer = (old: Int32Array): Int32Array<ArrayBuffer> => {
      const array = new Int32Array(length);
      array.set(old);
      return array;
    };
    this.rows = longer(this.rows);
    this.lefts = longer(this.lefts);
    this.rights = longer(this.rights);
    const ranks = new Uint8Array(length);
    ranks.set(this.ranks);
    this.ranks = ranks;
  }
}
