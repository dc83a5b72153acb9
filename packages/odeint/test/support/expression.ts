import { ops, type Tensor } from "@dzdt/tensor";

/** A number or a scalar tensor. Operations between numbers stay numbers. */
export type Scalar = number | Tensor;

/** Values of the names that an expression may use. */
export interface Scope {
  readonly t: Scalar;
  readonly y: (i: number) => Scalar;
  readonly p: (i: number) => Scalar;
  readonly q: (i: number) => Scalar;
  readonly named: ReadonlyMap<string, Scalar>;
}

type Expression = (scope: Scope) => Scalar;

const binary =
  (name: "add" | "sub" | "mul" | "div", plain: (x: number, y: number) => number) =>
  (x: Scalar, y: Scalar): Scalar =>
    typeof x === "number" && typeof y === "number" ? plain(x, y) : ops[name](x, y);

const add = binary("add", (x, y) => x + y);
const sub = binary("sub", (x, y) => x - y);
const mul = binary("mul", (x, y) => x * y);
const div = binary("div", (x, y) => x / y);
const pow = (x: Scalar, y: Scalar): Scalar => (typeof x === "number" && typeof y === "number" ? x ** y : ops.pow(x, y));

const functions = ["sin", "cos", "exp", "log", "sqrt", "tanh", "abs"] as const;

const isFunction = (name: string): name is (typeof functions)[number] =>
  (functions as readonly string[]).includes(name);

/** Parses the JavaScript arithmetic that the reference data writes its vector fields in. */
export function parse(source: string): Expression {
  const tokens = source.match(/\d+\.?\d*(?:e[+-]?\d+)?|\.\d+|[A-Za-z_]\w*|\*\*|[-+*/()[\],]/g) ?? [];
  let at = 0;
  const take = (token: string): boolean => {
    if (tokens[at] !== token) return false;
    at++;
    return true;
  };
  const expect = (token: string): void => {
    if (!take(token))
      throw new Error(`parse: expected ${token} at token ${at} of ${source}, found ${tokens[at] ?? "the end"}`);
  };

  const sum = (): Expression => {
    let left = product();
    for (;;) {
      const [x, operation] = [left, take("+") ? add : take("-") ? sub : undefined];
      if (!operation) return left;
      const y = product();
      left = (scope) => operation(x(scope), y(scope));
    }
  };
  const product = (): Expression => {
    let left = signed();
    for (;;) {
      const [x, operation] = [left, take("*") ? mul : take("/") ? div : undefined];
      if (!operation) return left;
      const y = signed();
      left = (scope) => operation(x(scope), y(scope));
    }
  };
  const signed = (): Expression => {
    if (!take("-")) return power();
    const x = signed();
    return (scope) => sub(0, x(scope));
  };
  const power = (): Expression => {
    const base = atom();
    if (!take("**")) return base;
    const exponent = signed();
    return (scope) => pow(base(scope), exponent(scope));
  };
  const atom = (): Expression => {
    const token = tokens[at++] ?? "";
    if (token === "(") {
      const inner = sum();
      expect(")");
      return inner;
    }
    if (/^[\d.]/.test(token)) {
      const value = Number(token);
      return () => value;
    }
    if (token === "t") return ({ t }) => t;
    if (token === "PI") return () => Math.PI;
    if ((token === "y" || token === "p" || token === "q") && take("[")) {
      const index = Number(tokens[at++]);
      expect("]");
      return (scope) => scope[token](index);
    }
    if (isFunction(token)) {
      expect("(");
      const x = sum();
      expect(")");
      return (scope) => {
        const value = x(scope);
        return typeof value === "number" ? Math[token](value) : ops[token](value);
      };
    }
    return ({ named }) => {
      const value = named.get(token);
      if (value === undefined) throw new Error(`parse: nothing is called ${token} in ${source}`);
      return value;
    };
  };

  const whole = sum();
  if (at !== tokens.length) throw new Error(`parse: cannot read ${tokens.slice(at).join(" ")} at the end of ${source}`);
  return whole;
}

/** A vector field as the reference data gives it: `let` names in order, then one right-hand side per component. */
export interface WrittenField {
  readonly let?: readonly (readonly [string, string])[];
  readonly rhs: readonly string[];
}

const refuse = (): never => {
  throw new Error("parse: the expression uses a name that this field was not given");
};

function evaluateField({ let: names = [], rhs }: WrittenField): (scope: Partial<Scope>) => Scalar[] {
  const steps = names.map(([name, source]) => [name, parse(source)] as const);
  const results = rhs.map(parse);
  return (given) => {
    const named = new Map<string, Scalar>();
    const scope: Scope = { t: 0, y: refuse, p: refuse, q: refuse, ...given, named };
    for (const [name, expression] of steps) named.set(name, expression(scope));
    return results.map((expression) => expression(scope));
  };
}

/** The field on plain numbers. */
export function plainField(
  written: WrittenField,
): (t: number, y: readonly number[], p?: readonly number[]) => number[] {
  const evaluate = evaluateField(written);
  return (t, y, p = []) =>
    evaluate({ t, y: (i) => y[i] ?? NaN, p: (i) => p[i] ?? NaN, q: (i) => y[i] ?? NaN }) as number[];
}

const component = (x: Tensor): ((i: number) => Tensor) => {
  const parts = new Map<number, Tensor>();
  return (i) => {
    const part = parts.get(i) ?? ops.reshape(ops.slice(x, [i], [i + 1]), []);
    parts.set(i, part);
    return part;
  };
};

/** The field in ops: state `[n]`, parameters `[m]`. */
export function tensorField(written: WrittenField): (t: Tensor, y: Tensor, p?: Tensor) => Tensor {
  const evaluate = evaluateField(written);
  return (t, y, p) => {
    const of = component(y);
    const values = evaluate({ t, y: of, q: of, ...(p ? { p: component(p) } : {}) });
    return ops.stack(
      values.map((value) => (typeof value === "number" ? ops.full([], value, { dtype: y.dtype }) : value)),
    );
  };
}
