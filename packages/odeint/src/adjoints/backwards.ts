import { bind, loop, stopGradient, type Tape, type Tensor } from "@dzdt/tensor";

/** Values, leaf by leaf, and what is added to them. */
export const plus = (xs: readonly Tensor[], ys: readonly Tensor[]): Tensor[] => xs.map((x, k) => x.add(ys[k]!));

/** A loop from the last iteration to the first. */
export interface Backwards {
  /** How many iterations there are, int32, and how many at most. */
  readonly count: Tensor;
  readonly most: number;
  /** (iteration, carries…, a row of each array…) → carries, with what it captured. */
  readonly body: { readonly tape: Tape; readonly captured: readonly Tensor[] };
  readonly carries: readonly Tensor[];
  readonly arrays?: readonly Tensor[];
}

/** The carries after it. */
export const backwards = ({ count, most, body, carries, arrays = [] }: Backwards): Tensor[] =>
  bind(loop, [count, ...carries, ...arrays, ...body.captured], {
    body: body.tape,
    condition: undefined,
    carries: carries.length,
    xs: arrays.length,
    length: most,
    counted: true,
    reverse: true,
    ys: [],
    rows: 0,
    lanes: 0,
  });

/** bool: a state that steps were undone to is not the one that they had begun with to half of its digits, beside states as large as `beside`. */
export function astray(
  found: readonly Tensor[],
  begun: readonly Tensor[],
  beside: readonly Tensor[],
  like: Tensor,
): Tensor {
  return found
    .map((x, k) => [x, begun[k]!, beside[k]!].map((each) => stopGradient(each)) as [Tensor, Tensor, Tensor])
    .filter(([x]) => x.size > 0)
    .map(([x, start, other]) => {
      const scale = start.abs().max().maximum(other.abs().max()).add(1e-3);
      const bound = scale.mul(x.dtype === "float32" ? 1e-3 : 1e-7);
      return x.sub(start).abs().max().lessEqual(bound).not();
    })
    .reduce((a, b) => a.or(b), like.tape!.literal(0, "bool"));
}
