import type { MatmulCode } from "./matmul-code";

export interface Tile {
  readonly rows: number;
  readonly vectors: number;
  /** Lanes of the last vector that count. */
  readonly last: number;
  readonly k: number;
  readonly fused: boolean;
  /** Sums go on from those that c holds. */
  readonly resume: boolean;
  /** The bytes, in a local, from c to what is added to complete sums; undefined where nothing is. */
  readonly plus: number | undefined;
  readonly left: { readonly address: number; readonly stride: number; readonly sumStride: number };
  readonly right: { readonly address: number; readonly sumStride: number; readonly last: number };
  readonly c: { readonly address: number; readonly leftStride: number; readonly rightStride: number };
}

/**
 * Long sums take so many steps in a round of their loop. V8 up to 12 makes two or three copies of a loop, by its own judgement, which is another where memory is
 * shared between threads, and computes them in different orders; a loop of four it leaves as it is.
 */
const copies = 4;
const long = 64;

/** Sums of rows × vectors results over k, kept in registers, then stored. */
export function tile(code: MatmulCode, t: Tile): void {
  const { lanes, bytes } = code.v;
  const { rows, vectors, left, right, c } = t;
  const cell = (i: number, j: number): number => code.vector(vectors + 1 + i * vectors + j);
  const rightVector = (j: number): number => code.vector(j);
  const leftNumber = code.vector(vectors);
  const each = (visit: (i: number, j: number) => void): void => {
    for (let i = 0; i < rows; i++) for (let j = 0; j < vectors; j++) visit(i, j);
  };
  const count = (j: number, last: number): number => (j === vectors - 1 ? last : lanes);
  const at = (i: number, j: number): number => (i * c.leftStride + j * lanes * c.rightStride) * bytes;
  each((i, j) => {
    if (t.resume) code.load(cell(i, j), c.address, at(i, j), count(j, t.last), c.rightStride);
    else code.zero(cell(i, j));
  });

  const [leftAt, rightAt] = [code.local(), code.local()];
  code.advance(leftAt, left.address);
  code.advance(rightAt, right.address);
  const cursors = [
    { local: rightAt, step: right.sumStride * bytes },
    { local: leftAt, step: left.sumStride * bytes },
  ];
  const step = (): void => {
    for (let j = 0; j < vectors; j++) code.load(rightVector(j), rightAt, j * 16, count(j, right.last));
    for (let i = 0; i < rows; i++) {
      code.splat(leftNumber, leftAt, i * left.stride * bytes);
      for (let j = 0; j < vectors; j++) code.accumulate(cell(i, j), leftNumber, rightVector(j), t.fused);
    }
  };
  code.repeat(t.k, cursors, step, t.k < long ? 1 : copies);
  if (t.plus !== undefined) {
    const plusAt = code.local();
    code.sum(plusAt, c.address, t.plus);
    each((i, j) => {
      code.load(rightVector(0), plusAt, at(i, j), count(j, t.last), c.rightStride);
      code.add(cell(i, j), cell(i, j), rightVector(0));
    });
  }
  each((i, j) => code.store(cell(i, j), c.address, at(i, j), count(j, t.last), c.rightStride));
}
