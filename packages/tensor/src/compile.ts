import { TraceError, UnsupportedError } from "./errors";
import { keyOfAval } from "./key";
import { call } from "./primitives/call";
import { bind, innermost } from "./run";
import type { Tape } from "./tape";
import { defaultTarget } from "./targets/default";
import type { Program, Target } from "./targets/target";
import { allocate } from "./dtype";
import { Tensor } from "./tensor";
import { trace } from "./trace";
import { flatten, type Structure, type Tree, unflatten } from "./tree";

/** A function that `compile` returned. */
export type Compiled<F extends (...args: never[]) => unknown> = F & {
  /** The tape, its kernels and memory for these arguments, as text. Nothing is run. */
  inspect(...args: Parameters<F>): string;
};

/** A function traced and lowered for one kind of arguments. */
interface Entry {
  readonly tape: Tape;
  readonly captured: readonly Tensor[];
  readonly program: () => Program;
  readonly structure: Structure;
  readonly target: Target;
}

/** The dynamic part of the arguments, and a key for the rest. */
interface Arguments {
  readonly tensors: readonly Tensor[];
  /** For each argument, how many tensors there are up to its end. */
  readonly ends: readonly number[];
  readonly key: string;
  readonly statics: readonly unknown[];
  readonly rebuild: (tensors: readonly Tensor[]) => unknown[];
}

/** How many kinds of arguments a compiled function remembers. */
const capacity = 64;

/**
 * The function as one program: traced once for each combination of shapes, dtypes and static arguments, then run without tracing.
 *
 * Tensors in trees are traced; numbers are traced as weak scalars that carry float64; strings, booleans, null, undefined and functions are
 * static (functions by identity). What the function closes over is frozen at the first trace.
 * @param options.target where it runs and where results live. @defaultValue the arguments' target
 * @param options.donate indices of arguments whose tensors may not be used again; using one throws
 * @throws TraceError when the function branches on, or reads, a traced value
 */
export function compile<F extends (...args: never[]) => unknown>(
  fn: F,
  options: { readonly target?: Target; readonly donate?: readonly number[] } = {},
): Compiled<F> {
  const entries = new Map<string, { statics: readonly unknown[]; entry: Entry }[]>();
  let size = 0;
  const find = (given: Arguments): Entry => {
    const target = options.target ?? given.tensors.find((x) => !x.weak)?.target ?? defaultTarget();
    const key = `${target.name}|${given.key}`;
    const list = entries.get(key) ?? [];
    const known = list.find(
      ({ statics, entry }) => entry.target === target && statics.every((s, i) => Object.is(s, given.statics[i])),
    );
    if (known) return known.entry;
    const entry = build(fn, given, target);
    if (++size > capacity) {
      entries.clear();
      size = 1;
    }
    entries.set(key, [...(entries.get(key) ?? []), { statics: given.statics, entry }]);
    return entry;
  };
  const compiled = (...args: unknown[]): unknown => {
    const given = readArguments(fn.name, args);
    const entry = find(given);
    const ended = entry.captured.find((x) => x.tape?.isSealed);
    if (ended)
      throw new TraceError(
        `${fn.name || "compile"}: it closed over a value of a trace that has ended (${ended.tape!.where}), frozen at its first call; ` +
          `pass the value as an argument`,
      );
    const ins = [...given.tensors, ...entry.captured].map((x) => (x.tape ? x : onTarget(x, entry.target)));
    const results = innermost(ins) ? bind(call, ins, { tape: entry.tape }) : run(entry, ins);
    for (const k of options.donate ?? [])
      for (const x of given.tensors.slice(given.ends[k - 1] ?? 0, given.ends[k] ?? 0)) x.donate(fn.name || "compile");
    return unflatten(entry.structure, results);
  };
  return Object.assign(compiled, {
    inspect: (...args: unknown[]): string => find(readArguments(fn.name, args)).program().inspect(),
  }) as unknown as Compiled<F>;
}

function build(fn: (...args: never[]) => unknown, given: Arguments, target: Target): Entry {
  let structure: Structure = null;
  const { tape, captured } = trace(
    fn.name || "compile",
    (...ins) => {
      const result = fn(...(given.rebuild(ins) as never[]));
      if (result instanceof Promise)
        throw new TraceError(
          "compile: the function returned a promise; a compiled function is synchronous, await its results outside",
        );
      const out = flatten(result as Tree);
      structure = out.structure;
      return out.leaves.map((x) =>
        x instanceof Tensor ? x : Tensor.scalar(Number(x), typeof x === "boolean" ? "bool" : "float32", target),
      );
    },
    given.tensors.map((x) => x.aval),
    { target },
  );
  let program: Program | undefined;
  return {
    tape,
    captured: captured.map((x) => (x.tape ? x : onTarget(x, target))),
    program: () => (program ??= target.program(tape)),
    structure,
    target,
  };
}

function run(entry: Entry, ins: readonly Tensor[]): Tensor[] {
  const { tape, target } = entry;
  const storages = entry.program().run(ins.map((x) => x.storage));
  return tape.outputs.map((id, k) => Tensor.concrete(storages[k], strong(tape.avals[id]!), target));
}

const strong = ({ dtype, shape, dynamic }: Tensor["aval"]): Tensor["aval"] => ({
  dtype,
  shape,
  ...(dynamic ? { dynamic } : {}),
});

/** A tensor on a target: copied there if it is elsewhere. */
function onTarget(x: Tensor, target: Target): Tensor {
  x.checkUsable("compile");
  if (x.target === target) return x;
  const values = x.target.read(x.storage);
  if (values instanceof Promise)
    throw new UnsupportedError(
      `compile: an argument on ${x.target.name} cannot be copied to ${target.name} at once; move it with tensor(await x.data(), { target })`,
    );
  return Tensor.concrete(target.upload(values, x.dtype, x.shape), x.aval, target);
}

function readArguments(name: string, args: readonly unknown[]): Arguments {
  const tensors: Tensor[] = [];
  const statics: unknown[] = [];
  const parts: string[] = [];
  const visit = (node: unknown, path: string): ((tensors: readonly Tensor[]) => unknown) => {
    if (node instanceof Tensor || typeof node === "number") {
      const x = node instanceof Tensor ? node : weakNumber(node);
      x.checkUsable(name || "compile");
      const at = tensors.push(x) - 1;
      parts.push(keyOfAval(x));
      return (ins) => ins[at];
    }
    if (node === null || node === undefined || typeof node !== "object") {
      statics.push(node);
      parts.push("s");
      return () => node;
    }
    if (Array.isArray(node)) {
      parts.push("[");
      const inner = node.map((child, i) => visit(child, `${path}[${i}]`));
      parts.push("]");
      return (ins) => inner.map((make) => make(ins));
    }
    const prototype: unknown = Object.getPrototypeOf(node);
    if (prototype !== Object.prototype && prototype !== null)
      throw new UnsupportedError(
        `compile: ${path} is a ${node.constructor.name}; arguments are trees of tensors and numbers, or static strings, booleans and functions: ` +
          `give ${ArrayBuffer.isView(node) ? "tensor(values)" : "its parts"} instead`,
      );
    parts.push("{");
    const inner = Object.keys(node)
      .sort()
      .map((key) => {
        // With its length, so that no name can look like another part of the key.
        parts.push(`${key.length}:${key}`);
        return [key, visit((node as Record<string, unknown>)[key], `${path}.${key}`)] as const;
      });
    parts.push("}");
    return (ins) => Object.fromEntries(inner.map(([key, make]) => [key, make(ins)]));
  };
  const ends: number[] = [];
  const makers = args.map((arg, i) => {
    const make = visit(arg, `argument ${i}`);
    ends.push(tensors.length);
    return make;
  });
  return { tensors, ends, statics, key: parts.join(" "), rebuild: (ins) => makers.map((make) => make(ins)) };
}

/** A number as an argument: carries float64, takes the dtype of what it meets. */
function weakNumber(value: number): Tensor {
  const target = defaultTarget();
  const array = allocate("float64", 1);
  array[0] = value;
  return Tensor.concrete(target.upload(array, "float64", []), { dtype: "float64", shape: [], weak: true }, target);
}
