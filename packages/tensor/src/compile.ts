import { checkFunction, checkIndices, checkNumbers, checkOptions } from "./arguments";
import { TraceError, UnsupportedError } from "./errors";
import { keyOfAval, sameType } from "./key";
import { copyTo } from "./move";
import type { Aval } from "./primitive";
import { call } from "./primitives/call";
import { bind, innermost } from "./run";
import type { Tape } from "./tape";
import { defaultTarget } from "./targets/default";
import { checkTarget, type Program, type Storage, type Target } from "./targets/target";
import { Tensor } from "./tensor";
import { trace } from "./trace";
import { flatten, type Structure, type Tree } from "./tree";

/** A function that `compile` returned. */
export type Compiled<F extends (...args: never[]) => unknown> = F & {
  /**
   * How the function is computed for arguments like these, as text for people; nothing is run. The tape comes first, one operation a line. On the
   * wasm target a table follows: a line for each piece of code, with the operations that it computes together, estimates of its floating-point
   * operations and of the bytes that it moves, what loops and branches hold indented below them; then the bytes of working memory and of code. See
   * docs/performance.md.
   */
  inspect(...args: Parameters<F>): string;
};

/** A function traced and lowered for one kind of arguments. */
interface Entry {
  readonly tape: Tape;
  readonly captured: readonly Tensor[];
  readonly program: () => Program;
  readonly rebuild: (results: readonly unknown[]) => unknown;
  /** Types of the results. */
  readonly outs: readonly Aval[];
  readonly target: Target;
  readonly key: string;
  readonly statics: readonly unknown[];
  /** The arguments' form, for finding the entry again without writing a key; undefined where it captured traced values. */
  forms: readonly Form[] | undefined;
}

/** The dynamic part of the arguments, and a key for the rest. */
interface Arguments {
  readonly tensors: readonly Tensor[];
  /** For each argument, how many tensors there are up to its end. */
  readonly ends: readonly number[];
  readonly key: string;
  readonly statics: readonly unknown[];
  readonly forms: readonly Form[];
  readonly rebuild: (tensors: readonly Tensor[]) => unknown[];
}

/** What arguments have in common that one entry serves. */
type Form =
  | { readonly kind: "tensor"; readonly aval: Aval }
  | { readonly kind: "number" }
  | { readonly kind: "static"; readonly value: unknown }
  | { readonly kind: "list"; readonly items: readonly Form[] }
  /** `keys` as the object lists them, `names` and `items` sorted. */
  | {
      readonly kind: "record";
      readonly keys: readonly string[];
      readonly names: readonly string[];
      readonly items: readonly Form[];
    };

/** How many kinds of arguments a compiled function remembers. */
const capacity = 64;

/**
 * The function as one program: traced once for each combination of shapes, dtypes and static arguments, then run without tracing.
 *
 * Tensors in trees are traced; numbers are traced as weak scalars that carry float64; strings, booleans, null, undefined and functions are
 * static (functions by identity). What the function closes over is frozen at the first trace.
 * @param options.target where it runs and where results live; arguments of other targets are copied there, but for those whose numbers must be waited for
 *   (on webgpu). @defaultValue the arguments' target
 * @param options.donate indices of arguments whose tensors may not be used again; using one throws
 * @throws RangeError when called with fewer arguments than `donate` names
 * @throws TraceError when the function branches on, or reads, a traced value
 */
export function compile<F extends (...args: never[]) => unknown>(
  fn: F,
  options: { readonly target?: Target; readonly donate?: readonly number[] } = {},
): Compiled<F> {
  checkFunction("compile", fn);
  checkOptions("compile", options, ["target", "donate"]);
  checkNumbers("compile", "donate", options.donate ?? []);
  if (options.target) checkTarget("compile", options.target);
  const where = fn.name || "compile";
  const entries: Entry[] = []; // Latest first.
  const find = (given: Arguments): Entry => {
    checkIndices(`${where}: donate`, options.donate ?? [], Math.max(given.ends.length, fn.length));
    const target = options.target ?? given.tensors.find((x) => !x.weak)?.target ?? defaultTarget();
    const at = entries.findIndex(
      (entry) =>
        entry.key === given.key &&
        entry.target === target &&
        entry.statics.every((s, i) => Object.is(s, given.statics[i])),
    );
    const entry = entries[at] ?? build(fn, given, target);
    // An object may list its keys in another order than that of the call before.
    if (entry.forms) entry.forms = given.forms;
    if (at >= 0) entries.splice(at, 1);
    else if (entries.length === capacity) entries.pop();
    entries.unshift(entry);
    return entry;
  };
  const donate = (given: readonly Tensor[], ends: readonly number[]): void => {
    for (const k of options.donate ?? []) given.slice(ends[k - 1] ?? 0, ends[k] ?? 0).forEach((x) => x.donate(where));
  };
  /** The call, for arguments of the form that one of the latest two calls had; undefined for others, and for traced ones. */
  const callAgain = (args: readonly unknown[]): { readonly result: unknown } | undefined => {
    for (let n = 0; n < entries.length && n < 2; n++) {
      const entry = entries[n]!;
      const [ins, ends]: [Tensor[], number[]] = [[], []];
      if (!entry.forms || !readAgain(entry.forms, args, entry.target, ins, ends)) continue;
      if (!options.target && entry.target !== defaultTarget() && ins.every((x) => x.weak)) continue;
      for (const x of entry.captured) ins.push(x);
      for (const x of ins) x.checkUsable(where);
      const results = run(entry, ins);
      donate(ins, ends);
      return { result: entry.rebuild(results) };
    }
    return undefined;
  };
  const compiled = (...args: unknown[]): unknown => {
    const known = callAgain(args);
    if (known) return known.result;
    const given = readArguments(fn.name, args);
    const entry = find(given);
    const ended = entry.captured.find((x) => x.tape?.isSealed);
    if (ended)
      throw new TraceError(
        `${where}: it closed over a value of a trace that has ended (${ended.tape!.where}), frozen at its first call; ` +
          `pass the value as an argument`,
      );
    const ins = [...given.tensors, ...entry.captured].map((x) => (x.tape ? x : onTarget(x, entry.target)));
    const results = innermost(ins) ? bind(call, ins, { tape: entry.tape }) : run(entry, ins);
    donate(given.tensors, given.ends);
    return entry.rebuild(results);
  };
  return Object.assign(compiled, {
    inspect: (...args: unknown[]): string => {
      const { tape, program } = find(readArguments(fn.name, args));
      return program().inspect(tape);
    },
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
    { target, frozen: true },
  );
  let program: Program | undefined;
  return {
    tape,
    captured: captured.map((x) => (x.tape ? x : onTarget(x, target))),
    program: () => (program ??= target.program(tape)),
    rebuild: rebuilder(structure),
    outs: tape.outputs.map((id) => strong(tape.avals[id]!)),
    target,
    key: given.key,
    statics: given.statics,
    forms: captured.some((x) => x.tape) ? undefined : given.forms,
  };
}

function run({ program, outs, target }: Entry, ins: readonly Tensor[]): Tensor[] {
  const given = new Array<Storage>(ins.length);
  for (let k = 0; k < ins.length; k++) given[k] = ins[k]!.storage;
  const storages = program().run(given);
  const results = new Array<Tensor>(outs.length);
  for (let k = 0; k < outs.length; k++) results[k] = Tensor.concrete(storages[k], outs[k]!, target);
  return results;
}

const strong = ({ dtype, shape, dynamic = false }: Aval): Aval =>
  Object.freeze({ dtype, shape: Object.freeze([...shape]), weak: false, dynamic });

/** Makes trees of a structure, as `unflatten` does, but looks at the structure only once. */
function rebuilder(structure: Structure): (leaves: readonly unknown[]) => unknown {
  let count = 0;
  const maker = (node: Structure): ((leaves: readonly unknown[]) => unknown) => {
    if (node === null) {
      const at = count++;
      return (leaves) => leaves[at];
    }
    if (Array.isArray(node)) {
      const items = (node as readonly Structure[]).map(maker);
      return (leaves) => items.map((item) => item(leaves));
    }
    const names = Object.keys(node);
    const items = Object.values(node).map(maker);
    if (names.includes("__proto__"))
      return (leaves) => Object.fromEntries(names.map((name, i) => [name, items[i]!(leaves)]));
    return (leaves) => {
      const made: Record<string, unknown> = {};
      for (let i = 0; i < names.length; i++) made[names[i]!] = items[i]!(leaves);
      return made;
    };
  };
  return maker(structure);
}

/** A tensor on a target: copied there if it is elsewhere. */
function onTarget(x: Tensor, target: Target): Tensor {
  x.checkUsable("compile");
  if (x.target === target) return x;
  return copyTo("compile", x, target);
}

function readArguments(name: string, args: readonly unknown[]): Arguments {
  const tensors: Tensor[] = [];
  const statics: unknown[] = [];
  const parts: string[] = [];
  const visit = (node: unknown, path: string): [Form, (tensors: readonly Tensor[]) => unknown] => {
    if (node instanceof Tensor || typeof node === "number") {
      const x = node instanceof Tensor ? node : weakNumber(node, defaultTarget());
      x.checkUsable(name || "compile");
      const at = tensors.push(x) - 1;
      parts.push(keyOfAval(x));
      return [node === x ? { kind: "tensor", aval: copyOfAval(x) } : { kind: "number" }, (ins) => ins[at]];
    }
    if (node === null || node === undefined || typeof node !== "object") {
      statics.push(node);
      parts.push("s");
      return [{ kind: "static", value: node }, () => node];
    }
    if (Array.isArray(node)) {
      parts.push("[");
      const inner = node.map((child, i) => visit(child, `${path}[${i}]`));
      parts.push("]");
      return [{ kind: "list", items: inner.map(([form]) => form) }, (ins) => inner.map(([, make]) => make(ins))];
    }
    const prototype: unknown = Object.getPrototypeOf(node);
    if (prototype !== Object.prototype && prototype !== null)
      throw new UnsupportedError(
        `compile: ${path} is a ${node.constructor.name}; arguments are trees of tensors and numbers, or static strings, booleans and functions: ` +
          `give ${ArrayBuffer.isView(node) ? "tensor(values)" : "its parts"} instead`,
      );
    parts.push("{");
    const keys = Object.keys(node);
    const names = [...keys].sort();
    const inner = names.map((key) => {
      // With its length, so that no name can look like another part of the key.
      parts.push(`${key.length}:${key}`);
      return visit((node as Record<string, unknown>)[key], `${path}.${key}`);
    });
    parts.push("}");
    return [
      { kind: "record", keys, names, items: inner.map(([form]) => form) },
      (ins) => Object.fromEntries(inner.map(([, make], i) => [names[i]!, make(ins)])),
    ];
  };
  const ends: number[] = [];
  const visited = args.map((arg, i) => {
    const found = visit(arg, `argument ${i}`);
    ends.push(tensors.length);
    return found;
  });
  return {
    tensors,
    ends,
    statics,
    key: parts.join(" "),
    forms: visited.map(([form]) => form),
    rebuild: (ins) => visited.map(([, make]) => make(ins)),
  };
}

/** Collects the tensors of arguments that have a known form and are all on one target; false if they have another. */
function readAgain(
  forms: readonly Form[],
  args: readonly unknown[],
  target: Target,
  ins: Tensor[],
  ends: number[],
): boolean {
  if (forms.length !== args.length) return false;
  for (let i = 0; i < forms.length; i++) {
    if (!readPart(forms[i]!, args[i], target, ins)) return false;
    ends.push(ins.length);
  }
  return true;
}

function readPart(form: Form, node: unknown, target: Target, ins: Tensor[]): boolean {
  switch (form.kind) {
    case "tensor":
      if (!(node instanceof Tensor) || node.tape || node.target !== target || !sameType(form.aval, node)) return false;
      ins.push(node);
      return true;
    case "number":
      if (typeof node !== "number") return false;
      ins.push(weakNumber(node, target));
      return true;
    case "static":
      return Object.is(form.value, node);
    case "list": {
      const { items } = form;
      if (!Array.isArray(node) || node.length !== items.length) return false;
      for (let i = 0; i < items.length; i++) if (!readPart(items[i]!, node[i], target, ins)) return false;
      return true;
    }
    case "record": {
      if (typeof node !== "object" || node === null || !hasKeys(node, form.keys)) return false;
      const { names, items } = form;
      for (let i = 0; i < names.length; i++)
        if (!readPart(items[i]!, (node as Readonly<Record<string, unknown>>)[names[i]!], target, ins)) return false;
      return true;
    }
  }
}

/** Is it a plain object with exactly these keys, in this order? */
function hasKeys(node: object, keys: readonly string[]): boolean {
  const prototype: unknown = Object.getPrototypeOf(node);
  if (prototype !== Object.prototype && prototype !== null) return false;
  let next = 0;
  for (const key in node) if (key !== keys[next++]) return false;
  return next === keys.length;
}

const copyOfAval = ({ dtype, shape, weak = false, dynamic = false }: Aval): Aval => ({
  dtype,
  shape: [...shape],
  weak,
  dynamic,
});

/** A number as an argument: carries float64, takes the dtype of what it meets. */
function weakNumber(value: number, target: Target): Tensor {
  const array = new Float64Array(1);
  array[0] = value;
  return Tensor.concrete(target.upload(array, "float64", []), weakScalar, target);
}

const weakScalar: Aval = Object.freeze({ dtype: "float64", shape: Object.freeze([]), weak: true, dynamic: false });
