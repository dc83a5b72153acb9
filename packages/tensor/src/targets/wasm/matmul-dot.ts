import type { MatmulSpec } from "../../lower/machine";
import type { MatmulCode } from "./matmul-code";

/** Sums in flight: enough to hide the time that one addition takes. */
const chains = 4;

/** A single sum over two contiguous runs, long enough to be added in lanes. */
export const isDot = ({ m, n, k, a, b }: MatmulSpec): boolean =>
  m === 1 && n === 1 && k >= 16 && a.columnStride === 1 && b.rowStride === 1;

/**
 * The one product whose sum is not taken in order, as there is nothing else to fill lanes with: `chains` vectors of partial sums,
 * then these pairwise.
 */
export function dot(code: MatmulCode, { k, accumulate, plus }: MatmulSpec, fused: boolean): void {
  const { lanes, bytes, element, extract } = code.v;
  const [a, b, c, other] = [0, 1, 2, 4];
  const sum = (chain: number): number => code.vector(2 + chain);
  for (let chain = 0; chain < chains; chain++) code.zero(sum(chain));
  const step = (chain: number, offset: number, count: number = lanes): void => {
    code.load(code.vector(0), a, offset, count);
    code.load(code.vector(1), b, offset, count);
    code.accumulate(sum(chain), code.vector(0), code.vector(1), fused);
  };
  const cursors = [a, b].map((local) => ({ local, step: chains * 16 }));
  const passes = Math.floor(k / (chains * lanes));
  code.repeat(passes, cursors, () => {
    for (let chain = 0; chain < chains; chain++) step(chain, chain * 16);
  });
  const rest = k - passes * chains * lanes;
  for (let at = 0; at < rest; at += lanes) step(at / lanes, at * bytes, Math.min(lanes, rest - at));
  for (let half = chains / 2; half >= 1; half /= 2)
    for (let chain = 0; chain < half; chain++) code.add(sum(chain), sum(chain), sum(chain + half));

  const total = code.local(element.type);
  const lane = (index: number): void => {
    code.get(sum(0));
    code.bytes.simd(extract, [index]);
  };
  lane(0);
  for (let index = 1; index < lanes; index++) {
    lane(index);
    code.bytes.byte(element.add);
  }
  code.set(total);
  code.get(c);
  if (accumulate) {
    code.get(c);
    code.element(element.load);
  }
  code.get(total);
  if (accumulate) code.bytes.byte(element.add);
  if (plus) {
    code.get(other);
    code.element(element.load);
    code.bytes.byte(element.add);
  }
  code.element(element.store);
}
