import type { DType } from "./dtype";
import { invariant, TraceError } from "./errors";
import type { Attributes, Aval, Primitive } from "./primitive";
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
  readonly target: Target | undefined;

  private declared = 0;
  private sealed = false;
  private readonly capturedIds = new Map<Tensor, number>();
  private readonly literalIds = new Map<string, number>();
  private primals: Primals | undefined;
  private readonly known = new Map<number, Tensor>();

  constructor(
    where: string,
    options: { readonly target?: Target | undefined; readonly primals?: Primals | undefined } = {},
  ) {
    this.where = where;
    this.target = options.target;
    this.primals = options.primals;
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
    const name = `${dtype}${weak ? "?" : ""}:${Object.is(value, -0) ? "-0" : value}`;
    let id = this.literalIds.get(name);
    if (id === undefined) {
      id = this.value({ dtype, shape: [], ...(weak ? { weak } : {}) });
      this.literals.push({ id, value });
      this.literalIds.set(name, id);
    }
    return Tensor.traced(this, id, this.avals[id]!);
  }

  /** Appends a node and returns its results. */
  record(op: Primitive, ins: readonly Tensor[], attributes: Attributes): Tensor[] {
    if (this.sealed)
      throw new TraceError(
        `${op.name}: a value of a trace that has ended (${this.where}) was used; ` +
          `return it from the traced function instead of keeping it in an outer variable`,
      );
    const ids = ins.map((x) => this.idOf(x));
    const outs = op
      .shape(
        ids.map((id) => this.avals[id]!),
        attributes,
      )
      .map((aval) => this.value(aval));
    this.nodes.push({ op, ins: ids, outs, attributes });
    return outs.map((id) => Tensor.traced(this, id, this.avals[id]!));
  }

  /** Ends the trace. */
  seal(results: readonly Tensor[]): void {
    invariant(!this.sealed, "a tape is sealed once");
    for (const x of results) this.outputs.push(this.idOf(x));
    this.sealed = true;
    this.capturedIds.clear();
    this.literalIds.clear();
    this.known.clear();
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
    const needed = new Set<number>([id]);
    const steps: Node[] = [];
    for (let n = this.nodes.length - 1; n >= 0; n--) {
      const node = this.nodes[n]!;
      if (!node.outs.some((out) => needed.has(out) && !this.known.has(out))) continue;
      steps.push(node);
      for (const x of node.ins) needed.add(x);
    }
    for (const { id: literal, value } of this.literals)
      if (needed.has(literal)) this.known.set(literal, Tensor.scalar(value, this.avals[literal]!.dtype));
    this.captured.forEach((outer, k) => {
      const at = this.inputs[this.declared + k]!;
      const value = needed.has(at) ? outer.concrete() : undefined;
      if (value) this.known.set(at, value);
    });
    for (const node of steps.reverse()) {
      const ins = node.ins.map((x) => this.known.get(x)?.concrete());
      if (!ins.every((x): x is Tensor => x !== undefined)) return undefined;
      const outs = this.primals.evaluate(node.op, ins, node.attributes);
      node.outs.forEach((out, k) => this.known.set(out, outs[k]!));
    }
    return this.known.get(id)?.concrete();
  }

  /** The number of a tensor on this tape, which captures it if it comes from outside. */
  private idOf(x: Tensor): number {
    if (x.tape === this) return x.id;
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
    return this.avals.push(aval) - 1;
  }
}
