import type { Value } from "../../lower/emitter";
import { matmulPanel, type MatmulSpec } from "../../lower/machine";
import { op } from "./encode";
import type { Engine } from "./engine";
import { type Cursor, MatmulCode, vectorsOf } from "./matmul-code";
import { dot, isDot } from "./matmul-dot";
import { type Form, formOf, parts, tileRows, widthFor } from "./matmul-form";
import { pack } from "./matmul-pack";
import { type Tile, tile } from "./matmul-tile";

/** What of a product its function depends on; products with equal keys share one. */
export const matmulKey = ({ dtype, m, n, k, a, b, c, accumulate, plus }: MatmulSpec): string =>
  `matmul.${dtype}.${m}x${n}x${k}.${a.rowStride}.${a.columnStride}.${b.rowStride}.${b.columnStride}.${c.rowStride}${accumulate ? "+" : ""}${plus ? "+c" : ""}`;

const [cParameter, panelParameter, plusParameter] = [2, 3, 4];

/** The addresses that a product's function is given. */
export const matmulArguments = ({ a, b, c, panel, plus }: MatmulSpec): Value[] => [
  a.address,
  b.address,
  c.address,
  panel,
  ...(plus ? [plus] : []),
];

/** The body of a function of {@link matmulArguments} that computes one product, with all sizes and strides baked in. */
export function matmulFunction(spec: MatmulSpec, engine: Engine): Uint8Array {
  const code = new MatmulCode(vectorsOf(spec.dtype), matmulArguments(spec).length);
  if (isDot(spec)) dot(code, spec, engine.fused);
  else blocks(code, spec, engine);
  return code.finish();
}

/** Bytes of left that strips share: they stay in the second cache. */
const blockBytes = 2 ** 18;

/**
 * Blocks of k, small enough for what a tile reads to stay in the first cache whatever the strides; in each, blocks of rows; in each, strips
 * of vectors as wide as a tile; in each, tiles. Taking up a sum where c left it changes nothing in it.
 */
function blocks(code: MatmulCode, spec: MatmulSpec, engine: Engine): void {
  const { bytes } = code.v;
  const form = formOf(spec, code.v);
  const { left, right, c, k } = form;
  const most = stepsAtOnce(form, bytes);
  const whole = k <= most;
  const resume = spec.accumulate || !whole;
  if (resume && !spec.accumulate) clear(code, spec);
  const [leftBlock, cBlock] = [code.local(), code.local()];
  const plus = spec.plus && distance(code);
  for (const steps of sumParts(k, most, plus !== undefined)) {
    const mode = { fused: engine.fused, resume, plus: steps.last ? plus : undefined };
    const along = [left, right].map(({ parameter, sumStride }) => ({
      local: parameter,
      step: steps.size * sumStride * bytes,
    }));
    code.repeat(steps.times, along, () => {
      code.advance(leftBlock, left.parameter);
      code.advance(cBlock, cParameter);
      for (const rows of parts(left.length, Math.ceil(blockBytes / (Math.max(1, steps.size) * bytes)))) {
        const down = [
          { local: leftBlock, step: rows.size * left.stride * bytes },
          { local: cBlock, step: rows.size * c.leftStride * bytes },
        ];
        const part = { ...form, k: steps.size, left: { ...left, length: rows.size } };
        code.repeat(rows.times, down, () => strips(code, part, leftBlock, cBlock, mode));
      }
    });
  }
}

/**
 * The most steps of the sum that are taken together. A single row meets each number of a large right side once: few steps then, where sums take several
 * panels anyway, so that those are read from end to end of as many rows as memory hands on at a time, and not strip by strip.
 */
const stepsAtOnce = ({ left, right, k, packed }: Form, bytes: number): number =>
  left.length === 1 && !packed && k > matmulPanel.steps && right.length * k * bytes > streamBytes
    ? streamSteps
    : matmulPanel.steps;
const streamBytes = 2 ** 17;
const streamSteps = 8;

/** Runs of the sum, of so many steps at most; the last alone where something is to be done when sums are complete. */
function sumParts(k: number, most: number, ends: boolean): { size: number; times: number; last: boolean }[] {
  const all = k <= most ? [{ size: k, times: 1 }] : parts(k, most);
  const { size, times } = all.at(-1)!;
  const early = [...all.slice(0, -1), { size, times: ends ? times - 1 : times }].map((run) => ({
    ...run,
    last: false,
  }));
  return ends ? [...early, { size, times: 1, last: true }] : early;
}

/** Bytes from where results are written to what is added to them. */
function distance(code: MatmulCode): number {
  const bytes = code.local();
  code.get(plusParameter);
  code.get(cParameter);
  code.bytes.byte(op.i32Sub);
  code.set(bytes);
  return bytes;
}

function clear(code: MatmulCode, { m, n, c }: MatmulSpec): void {
  const { bytes } = code.v;
  if (c.rowStride === n) return code.clear(cParameter, m * n * bytes);
  const row = code.local();
  code.advance(row, cParameter);
  code.repeat(m, [{ local: row, step: c.rowStride * bytes }], () => code.clear(row, n * bytes));
}

/** Strips of one block of rows, whose first is at `leftBlock` and `cBlock`. */
function strips(
  code: MatmulCode,
  form: Form,
  leftBlock: number,
  cBlock: number,
  mode: Pick<Tile, "fused" | "resume" | "plus">,
): void {
  const { lanes, bytes } = code.v;
  const { left, right, k, c, packed } = form;
  const [leftAt, rightAt, cStrip, cAt] = [code.local(), code.local(), code.local(), code.local()];
  code.advance(rightAt, right.parameter);
  code.advance(cStrip, cBlock);

  const tiles = (vectors: number, last: number): void => {
    const width = (vectors - 1) * lanes + last;
    if (packed) pack(code, { form, from: rightAt, to: panelParameter, vectors, last });
    code.advance(leftAt, leftBlock);
    code.advance(cAt, cStrip);
    for (const { size, times } of parts(left.length, tileRows[vectors]!)) {
      const cursors: Cursor[] = [
        { local: leftAt, step: size * left.stride * bytes },
        { local: cAt, step: size * c.leftStride * bytes },
      ];
      code.repeat(times, cursors, () =>
        tile(code, {
          rows: size,
          vectors,
          last,
          k,
          ...mode,
          left: { address: leftAt, stride: left.stride, sumStride: left.sumStride },
          // A panel's vectors are whole: lanes beyond the last column are 0.
          right: packed
            ? { address: panelParameter, sumStride: vectors * lanes, last: lanes }
            : { address: rightAt, sumStride: right.sumStride, last },
          c: { address: cAt, ...c },
        }),
      );
    }
    code.advance(rightAt, rightAt, width * right.stride * bytes);
    code.advance(cStrip, cStrip, width * c.rightStride * bytes);
  };

  const tail = right.length % lanes || lanes;
  const all = parts(Math.ceil(right.length / lanes), widthFor(left.length));
  all.forEach(({ size, times }, p) => {
    const ends = p === all.length - 1 && tail !== lanes;
    code.repeat(ends ? times - 1 : times, [], () => tiles(size, lanes));
    if (ends) tiles(size, tail);
  });
}
