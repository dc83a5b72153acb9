import type { MatmulCode } from "./matmul-code";
import type { Form } from "./matmul-form";
import { transposeSquare } from "./transpose-square";

export interface Panel {
  readonly form: Form;
  /** Address of the strip's first element. */
  readonly from: number;
  readonly to: number;
  readonly vectors: number;
  /** Columns in the last vector; its other lanes become 0. */
  readonly last: number;
}

/** Copies a strip of the right side: for each step of k its vectors, one after the other. */
export function pack(code: MatmulCode, panel: Panel): void {
  const { form, from, to, vectors } = panel;
  const { lanes, bytes } = code.v;
  const { right, k } = form;
  const [source, target] = [code.local(), code.local()];
  const begin = (): void => {
    code.advance(source, from);
    code.advance(target, to);
  };
  const cursors = (steps: number): { local: number; step: number }[] => [
    { local: target, step: steps * vectors * 16 },
    { local: source, step: steps * right.sumStride * bytes },
  ];
  if (right.sumStride === 1 && right.length > 1) {
    // Two vectors from end to end, then the next: lines of memory of many columns may push each other out of the cache.
    for (let first = 0; first < vectors; first += 2) {
      begin();
      code.repeat(Math.floor(k / lanes), cursors(lanes), () => transposed(code, panel, source, target, first, lanes));
      if (k % lanes > 0) transposed(code, panel, source, target, first, k % lanes);
    }
    return;
  }
  begin();
  code.repeat(k, cursors(1), () => {
    for (let j = 0; j < vectors; j++) {
      const count = j === vectors - 1 ? panel.last : lanes;
      code.load(code.vector(0), source, j * lanes * right.stride * bytes, count, right.stride);
      code.store(code.vector(0), target, j * 16);
    }
  });
}

/** `steps` steps of k of two vectors from `first` on, of a source that is contiguous along k: square blocks, transposed in registers. */
function transposed(
  code: MatmulCode,
  panel: Panel,
  source: number,
  target: number,
  first: number,
  steps: number,
): void {
  const { lanes, bytes } = code.v;
  const { vectors, last, form } = panel;
  const block = Array.from({ length: lanes }, (_, i) => code.vector(i));
  const other = Array.from({ length: lanes }, (_, i) => code.vector(lanes + i));
  for (let j = first; j < Math.min(first + 2, vectors); j++) {
    const count = j === vectors - 1 ? last : lanes;
    block.forEach((column, i) => {
      if (i < count) code.load(column, source, (j * lanes + i) * form.right.stride * bytes, steps);
      else code.zero(column);
    });
    const free = [...other, ...block].values();
    const rows = transposeSquare(block, (a, b, taken) => {
      const to = free.next().value!;
      code.shuffle(to, a, b, taken);
      return to;
    });
    rows.slice(0, steps).forEach((row, p) => code.store(row, target, (p * vectors + j) * 16));
  }
}
