import type { DType } from "./dtype";
import { invariant, TraceError } from "./errors";
import type { Attributes, Aval, Primitive } from "./primitive";
import { checkSize } from "./shape";
import type { Target } from "./targets/target";
import { Tensor } from "./tensor";

/** One recorded operation. Values are numbered; a node reads some and defines some. */
export interface Node {
  readonly op: Primitive;
  readonly ins: readonly number[];
  readonly outs: readonly number[];
  readonly attributes: Attributes;
}

/** A number that is part of the program. Numbers that users write are inputs instead, so that a new value is not a new program. */
export interface Literal {
  readonly id: number;
  readonly value: number;
}

/** Finds the numbers behind traced values while an eager transform traces (see `Tape.primal`). */
export interface Primals {
  /** Concrete values of the declared inputs. */
  readonly inputs: readonly Tensor[];
  readonly evaluate: (op: Primitive, ins: readonly Tensor[], attributes: Attributes) => readonly Tensor[];
}

let created = 0;

/** The type alone: a tape keeps no tensor alive. */
const typeOf = ({ dtype, shape, weak, dynamic }: Tensor): Aval => ({
  dtype,
  shape,
  ...(weak ? { weak } : {}),
  ...(dynamic ? { dynamic } : {}),
});

const numbers = new WeakMap<Tensor, number>();

/** A tensor that stands for a number in the text of a user's function. */
export function numberTensor(value: number, dtype: DType, target: Target, weak: boolean): Tensor {
  const x = Tensor.scalar(value, dtype, target, weak);
  numbers.set(x, dtype === "bool" ? Number(value !== 0) : value);
  return x;
}

const numberBehind = (x: Tensor): number | undefined => (x.shape.length === 0 && !x.tape ? numbers.get(x) : undefined);

/**
 * A program as a flat list of nodes in the order they were recorded (a Wengert list in SSA form): inputs, literals, nodes, outputs.
 * Open while a function is being traced, then sealed and immutable. Everything else in this library is a function on tapes.
 */
export class Tape {
  /** Later tapes are inner: while several are open, an operation on values of several records on the latest. */
  readonly serial: number = ++created;
  /** Type of every value, by number. */
  readonly avals: Aval[] = [];
  /** Declared inputs, then one for each captured tensor. */
  readonly inputs: number[] = [];
  readonly literals: Literal[] = [];
  readonly nodes: Node[] = [];
  readonly outputs: number[] = [];
  /** Outer tensors that the traced function closed over, in the order of the inputs that stand for them, until {@link release}. */
  readonly captured: Tensor[] = [];
  readonly where: string;
  /** Where the numbers live that the program reads and makes. */
  readonly target: Target;

  private declared = 0;
  private sealed = false;
  private readonly capturedIds = new Map<Tensor, number>();
  private readonly literalIds = new Map<string, number>();
  private readonly frozen: boolean;
  private primals: Primals | undefined;
  private readonly known = new Map<number, Tensor>();
  /** For a tape with primals, the node that defines each value. */
  private readonly definedBy = new Map<number, number>();

  /**
   * @param options.primals where the numbers behind values are found while the tape is open
   * @param options.frozen numbers that users wrote become literals: the tape is for one program, which never meets others
   */
  constructor(
    where: string,
    options: {
      readonly target: Target;
      readonly primals?: Primals | undefined;
      readonly frozen?: boolean | undefined;
    },
  ) {
    this.where = where;
    this.target = options.target;
    this.primals = options.primals;
    this.frozen = options.frozen ?? false;
  }

  get isSealed(): boolean {
    return this.sealed;
  }

  /** How many inputs were declared; the rest are captured. */
  get declaredInputs(): number {
    return this.declared;
  }

  /** Declares the next input. */
  input(aval: Aval): Tensor {
    invariant(this.captured.length === 0 && !this.sealed, "inputs are declared before anything is captured");
    const id = this.value(aval);
    this.inputs.push(id);
    const given = this.primals?.inputs[this.declared];
    this.declared++;
    if (given) this.known.set(id, given);
    return Tensor.traced(this, id, aval);
  }

  /** A number that is part of the program. Equal literals are one value. */
  literal(value: number, dtype: DType, weak = false): Tensor {
    const id = this.literalId(value, dtype, weak);
    return Tensor.traced(this, id, this.avals[id]!);
  }

  private literalId(value: number, dtype: DType, weak: boolean): number {
    const name = `${dtype}${weak ? "?" : ""}:${Object.is(value, -0) ? "-0" : value}`;
    let id = this.literalIds.get(name);
    if (id === undefined) {
      id = this.value({ dtype, shape: [], ...(weak ? { weak } : {}) });
      this.literals.push({ id, value });
      this.literalIds.set(name, id);
    }
    return id;
  }

  /** Appends a node and returns its results. */
  record(op: Primitive, ins: readonly Tensor[], attributes: Attributes): Tensor[] {
    this.checkOpen(op);
    const ids = this.idsOf(ins);
    const avals = op.shape(
      ids.map((id) => this.avals[id]!),
      attributes,
    );
    // The rows of a dynamic value are a bound that is hardly ever reached.
    for (const { shape, dynamic } of avals) checkSize(op.name, dynamic ? shape.slice(1) : shape);
    return this.push(op, ids, attributes, avals);
  }

  /** Appends a node of another tape, on inputs of the types that they have there; then so have the results, and no rule is asked for them. */
  repeat({ op, outs, attributes }: Node, ins: readonly Tensor[], from: Tape): Tensor[] {
    this.checkOpen(op);
    return this.push(
      op,
      this.idsOf(ins),
      attributes,
      outs.map((id) => from.avals[id]!),
    );
  }

  private checkOpen({ name }: Primitive): void {
    if (this.sealed)
      throw new TraceError(
        `${name}: a value of a trace that has ended (${this.where}) was used; ` +
          `return it from the traced function instead of keeping it in an outer variable`,
      );
  }

  /** Appends a node like that of another tape, on values of this one and with results of known types, whose numbers it gives. */
  extend(
    { op, attributes }: Pick<Node, "op" | "attributes">,
    ins: readonly number[],
    avals: readonly Aval[],
  ): number[] {
    invariant(!this.sealed && !this.primals, "tapes are copied to open ones without numbers");
    const outs = new Array<number>(avals.length);
    for (let k = 0; k < outs.length; k++) outs[k] = this.value(avals[k]!);
    this.nodes.push({ op, ins, outs, attributes });
    return outs;
  }

  private push(op: Primitive, ins: readonly number[], attributes: Attributes, avals: readonly Aval[]): Tensor[] {
    const outs = new Array<number>(avals.length);
    const results = new Array<Tensor>(avals.length);
    for (let k = 0; k < avals.length; k++) {
      const id = this.value(avals[k]!);
      outs[k] = id;
      results[k] = Tensor.traced(this, id, avals[k]!);
      if (this.primals) this.definedBy.set(id, this.nodes.length);
    }
    this.nodes.push({ op, ins, outs, attributes });
    return results;
  }

  private idsOf(ins: readonly Tensor[]): number[] {
    const ids = new Array<number>(ins.length);
    for (let k = 0; k < ins.length; k++) ids[k] = this.idOf(ins[k]!);
    return ids;
  }

  /** Ends the trace. */
  seal(results: readonly Tensor[]): void {
    invariant(!this.sealed, "a tape is sealed once");
    for (const x of results) this.outputs.push(this.idOf(x));
    this.sealed = true;
    this.capturedIds.clear();
    this.literalIds.clear();
    this.known.clear();
    this.definedBy.clear();
    this.primals = undefined;
  }

  /** Hands over what was captured: a tape may live long, in a node or with a cached program, and must keep no numbers alive. */
  release(): Tensor[] {
    invariant(this.sealed, "a tape is sealed before what it captured is taken");
    return this.captured.splice(0);
  }

  /**
   * The concrete tensor behind a value of this tape, where an eager transform knows its inputs' values; undefined otherwise.
   * Computes and remembers just the nodes that it needs.
   */
  primal(id: number): Tensor | undefined {
    if (!this.primals) return undefined;
    const { evaluate } = this.primals;
    const steps = this.nodesBehind(id);
    if (!steps) return undefined;
    for (const node of steps) {
      const ins = node.ins.map((x) => this.known.get(x)?.concrete());
      if (!ins.every((x): x is Tensor => x !== undefined)) return undefined;
      const outs = evaluate(node.op, ins, node.attributes);
      node.outs.forEach((out, k) => this.known.set(out, outs[k]!));
    }
    return this.known.get(id)?.concrete();
  }

  /** The nodes that have yet to be computed for a value, in order; undefined if it depends on what has no numbers. */
  private nodesBehind(id: number): Node[] | undefined {
    const found = new Set<number>();
    const wanted = [id];
    for (let x = wanted.pop(); x !== undefined; x = wanted.pop()) {
      if (this.known.has(x)) continue;
      const at = this.definedBy.get(x);
      if (at === undefined) {
        const given = this.given(x);
        if (!given) return undefined;
        this.known.set(x, given);
      } else if (!found.has(at)) {
        found.add(at);
        wanted.push(...this.nodes[at]!.ins);
      }
    }
    return [...found].sort((a, b) => a - b).map((at) => this.nodes[at]!);
  }

  /** A literal, or a captured value, with its numbers. */
  private given(id: number): Tensor | undefined {
    const at = this.inputs.indexOf(id, this.declared);
    if (at >= 0) return this.captured[at - this.declared]!.concrete();
    const literal = this.literals.find((x) => x.id === id);
    return literal && Tensor.scalar(literal.value, this.avals[id]!.dtype, this.target);
  }

  /** The number of a tensor on this tape, which captures it if it comes from outside. */
  private idOf(x: Tensor): number {
    if (x.tape === this) return x.id;
    const number = this.frozen ? numberBehind(x) : undefined;
    if (number !== undefined) return this.literalId(number, x.dtype, x.weak);
    let id = this.capturedIds.get(x);
    if (id === undefined) {
      if (x.tape && x.tape.isSealed)
        throw new TraceError(
          `${this.where}: a value of a trace that has ended (${x.tape.where}) was used; ` +
            `return it from the traced function instead of keeping it in an outer variable`,
        );
      id = this.value(x.aval);
      this.inputs.push(id);
      this.captured.push(x);
      this.capturedIds.set(x, id);
    }
    return id;
  }

  private value(aval: Aval): number {
    return this.avals.push(aval instanceof Tensor ? typeOf(aval) : aval) - 1;
  }
}
