import { type DType, isFloat, isInteger } from "../dtype";
import { DTypeError, mistake } from "../errors";
import type { Emitter, Value } from "../lower/emitter";
import { type Aval, type Domain, type Primitive, primitive } from "../primitive";
import type { RuleOps } from "../rules";
import { sameShape } from "../shape";
import type { Tensor } from "../tensor";

/** ∂out/∂in for one input, from the inputs and the result. */
export type Partial = (o: RuleOps, ins: readonly Tensor[], out: Tensor) => Tensor | number;

/** What an elementwise operation is; the other rules follow. */
export interface ElementwiseRules {
  readonly name: string;
  readonly domain: Domain | readonly Domain[];
  /** Dtypes of the inputs, which all have one. `bits`: integers and bool. @defaultValue "number" */
  readonly takes?: "float" | "integer" | "number" | "bits" | "any";
  /** @defaultValue the first input's */
  readonly result?: DType;
  /** One for each input; undefined where the derivative is zero. */
  readonly partials: readonly (Partial | undefined)[];
  /**
   * The partials may be infinite or NaN where the function is still finite (sqrt at 0) or where a mask discards it (log at 0). A zero
   * cotangent or tangent then gives zero, not NaN.
   */
  readonly singular?: boolean;
  /** It is the sum of two inputs. */
  readonly adds?: boolean;
  emit(k: Emitter, ...ins: Value[]): Value;
}

/** What may be the dtypes of inputs, and what errors say of it. */
interface Taken {
  readonly accepts: (dtype: DType) => boolean;
  readonly wording: string;
  /** A dtype to cast to. */
  readonly remedy: DType;
}

const kinds: Readonly<Record<NonNullable<ElementwiseRules["takes"]>, Taken>> = {
  float: { accepts: isFloat, wording: "float tensors", remedy: "float32" },
  integer: { accepts: isInteger, wording: "integer tensors", remedy: "uint32" },
  number: { accepts: (dtype) => dtype !== "bool", wording: "numbers", remedy: "float32" },
  bits: { accepts: (dtype) => !isFloat(dtype), wording: "bool or integer tensors", remedy: "bool" },
  any: { accepts: () => true, wording: "any tensors", remedy: "float32" },
};

/** An operation whose element i depends on element i of each input. Inputs have one shape: functions broadcast and promote before. */
/* @__NO_SIDE_EFFECTS__ */
export function elementwise(rules: ElementwiseRules): Primitive {
  const { name, partials, takes = "number" } = rules;
  const { accepts, wording, remedy } = kinds[takes];
  const self: Primitive = primitive({
    name,
    domain: rules.domain,
    fusion: "map",
    ...(rules.adds ? { adds: true } : {}),
    shape: (ins) => {
      if (ins.length !== partials.length) throw mistake(`${name} takes ${partials.length} inputs, not ${ins.length}`);
      const first = ins[0]!;
      for (const x of ins) {
        if (!sameShape(x.shape, first.shape)) throw mistake(`${name}: inputs were not broadcast`);
        if (!accepts(x.dtype))
          throw new DTypeError(`${name}: takes ${wording}, not ${x.dtype}; cast it first, as in cast(x, "${remedy}")`);
        if (x.dtype !== first.dtype) throw mistake(`${name}: inputs were not promoted`);
      }
      return [typeOfResult(rules.result ?? first.dtype, ins)];
    },
    vjp: (o, [ct], ins, [out], _, wanted) =>
      partials.map((partial, j) =>
        wanted[j] && partial && ct ? scale(o, ct, partial(o, ins, out!), rules.singular) : undefined,
      ),
    jvp: (o, tangents, ins, [out]) => {
      const terms = partials.map((partial, j) =>
        partial && tangents[j] ? scale(o, tangents[j], partial(o, ins, out!), rules.singular) : undefined,
      );
      const moved = terms.filter((term) => term !== undefined);
      return [moved.length ? moved.reduce((a, b) => o.add(a, b)) : undefined];
    },
    batch: (o, ins, batched, attributes, size) => o.bind(self, alignBatch(o, ins, batched, size), attributes),
    element: (k, args, i) => rules.emit(k, ...args.map((x) => x.at(i))),
  });
  return self;
}

function typeOfResult(dtype: DType, ins: readonly Aval[]): Aval {
  const { shape } = ins[0]!;
  const plain = ins.every((x) => !x.weak && !x.dynamic);
  return plain ? { dtype, shape } : { dtype, shape, ...(dtype === ins[0]!.dtype ? weakness(ins) : {}), ...rows(ins) };
}

/** A result is dynamic if anything that it is made of is. */
export const rows = (ins: readonly Aval[]): { dynamic?: true } => (ins.some((x) => x.dynamic) ? { dynamic: true } : {});

/** Results are weak when all inputs are. */
export const weakness = (ins: readonly Aval[]): { weak?: true } => (ins.every((x) => x.weak) ? { weak: true } : {});

/**
 * A cotangent or tangent times a partial derivative; with `singular`, zero times a partial that is infinite or NaN is zero. The guard is on
 * the partial, and only there: where the partial is finite the product stays linear in `by`, so its own derivative is right also at zero.
 */
export function scale(o: RuleOps, by: Tensor, partial: Tensor | number, singular = false): Tensor {
  if (partial === 1) return by;
  if (partial === -1) return o.neg(by);
  if (!singular || typeof partial === "number") return o.mul(by, partial);
  const discarded = o.and(o.equal(by, 0), o.not(o.isFinite(partial)));
  return o.mul(by, o.where(discarded, 0, partial));
}

/** Gives every input the batch axis, by broadcasting those that lack it. */
export function alignBatch(o: RuleOps, ins: readonly Tensor[], batched: readonly boolean[], size: number): Tensor[] {
  return ins.map((x, j) => (batched[j] ? x : o.broadcastTo(x, [size, ...x.shape])));
}
