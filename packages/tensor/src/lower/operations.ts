import type { Value } from "./emitter";
import type { BinaryOp, UnaryOp } from "./math/scalar";

/** The operations of an emitter on one and on two values, which differ in their names alone. */
export abstract class Operations {
  protected abstract binary(name: BinaryOp, a: Value, b: Value): Value;
  protected abstract unary(name: UnaryOp, a: Value): Value;

  add(a: Value, b: Value): Value {
    return this.binary("add", a, b);
  }
  sub(a: Value, b: Value): Value {
    return this.binary("sub", a, b);
  }
  mul(a: Value, b: Value): Value {
    return this.binary("mul", a, b);
  }
  div(a: Value, b: Value): Value {
    return this.binary("div", a, b);
  }
  rem(a: Value, b: Value): Value {
    return this.binary("rem", a, b);
  }
  min(a: Value, b: Value): Value {
    return this.binary("min", a, b);
  }
  max(a: Value, b: Value): Value {
    return this.binary("max", a, b);
  }
  copySign(a: Value, b: Value): Value {
    return this.binary("copySign", a, b);
  }
  equal(a: Value, b: Value): Value {
    return this.binary("equal", a, b);
  }
  notEqual(a: Value, b: Value): Value {
    return this.binary("notEqual", a, b);
  }
  less(a: Value, b: Value): Value {
    return this.binary("less", a, b);
  }
  lessEqual(a: Value, b: Value): Value {
    return this.binary("lessEqual", a, b);
  }
  and(a: Value, b: Value): Value {
    return this.binary("and", a, b);
  }
  or(a: Value, b: Value): Value {
    return this.binary("or", a, b);
  }
  xor(a: Value, b: Value): Value {
    return this.binary("xor", a, b);
  }
  shiftLeft(a: Value, by: Value): Value {
    return this.binary("shiftLeft", a, by);
  }
  shiftRight(a: Value, by: Value): Value {
    return this.binary("shiftRight", a, by);
  }

  neg(a: Value): Value {
    return this.unary("neg", a);
  }
  abs(a: Value): Value {
    return this.unary("abs", a);
  }
  sqrt(a: Value): Value {
    return this.unary("sqrt", a);
  }
  floor(a: Value): Value {
    return this.unary("floor", a);
  }
  ceil(a: Value): Value {
    return this.unary("ceil", a);
  }
  trunc(a: Value): Value {
    return this.unary("trunc", a);
  }
  round(a: Value): Value {
    return this.unary("round", a);
  }
  not(a: Value): Value {
    return this.unary("not", a);
  }
}
