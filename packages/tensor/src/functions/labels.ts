import { contract as contractPrimitive } from "../primitives/contract";
import { bind } from "../run";
import type { Tensor } from "../tensor";
import { sum } from "./reduce";
import { permute, squeeze } from "./structure";

/** A tensor whose axes have names. Internal to the functions that multiply and sum. */
export interface Labelled {
  readonly x: Tensor;
  readonly labels: readonly string[];
}

/** The sum of products of two labelled tensors over the labels not in `keep`. An axis of length 1 meets any length. */
export function multiply(a: Labelled, b: Labelled, keep: ReadonlySet<string>): Labelled {
  const left = dropUnused(dropSingle(a, b), b, keep);
  const right = dropUnused(dropSingle(b, a), a, keep);
  const shared = left.labels.filter((label) => right.labels.includes(label));
  const batch = shared.filter((label) => keep.has(label));
  const contracted = shared.filter((label) => !keep.has(label));
  const places = (of: Labelled, labels: readonly string[]): number[] => labels.map((label) => of.labels.indexOf(label));
  const free = (of: Labelled): string[] => of.labels.filter((label) => !shared.includes(label));
  const [x] = bind(contractPrimitive, [left.x, right.x], {
    batchA: places(left, batch),
    batchB: places(right, batch),
    contractA: places(left, contracted),
    contractB: places(right, contracted),
  });
  return { x: x!, labels: [...batch, ...free(left), ...free(right)] };
}

/** A labelled tensor with its axes in the order of `labels`, all of which it has; others are summed. */
export function arrange(a: Labelled, labels: readonly string[]): Tensor {
  const { x, labels: rest } = sumOut(a, (label) => labels.includes(label));
  return permute(
    x,
    labels.map((label) => rest.indexOf(label)),
  );
}

/** Without axes of length 1 for which the other has another length: to broadcast is to leave them out. */
function dropSingle({ x, labels }: Labelled, other: Labelled): Labelled {
  const lengthIn = (label: string): number | undefined => other.x.shape[other.labels.indexOf(label)];
  const dropped = labels.flatMap((label, a) => (x.shape[a] === 1 && (lengthIn(label) ?? 1) !== 1 ? [a] : []));
  return dropped.length
    ? { x: squeeze(x, dropped), labels: labels.filter((_, a) => !dropped.includes(a)) }
    : { x, labels };
}

const dropUnused = (a: Labelled, other: Labelled, keep: ReadonlySet<string>): Labelled =>
  sumOut(a, (label) => keep.has(label) || other.labels.includes(label));

function sumOut({ x, labels }: Labelled, keeps: (label: string) => boolean): Labelled {
  const axes = labels.flatMap((label, a) => (keeps(label) ? [] : [a]));
  return axes.length ? { x: sum(x, axes), labels: labels.filter(keeps) } : { x, labels };
}
