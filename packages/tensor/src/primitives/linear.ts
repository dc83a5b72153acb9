import { type Attributes, type Primitive, primitive } from "../primitive";

/** An operation that is linear in its one input: what it does to a value it does to a tangent. */
/* @__NO_SIDE_EFFECTS__ */
export function linear<A extends Attributes>(rules: Omit<Primitive<A>, "jvp">): Primitive<A> {
  const self: Primitive<A> = primitive<A>({
    ...rules,
    jvp: (o, [tangent], _ins, _outs, attributes) => [tangent && o.bind(self, [tangent], attributes)[0]!],
  });
  return self;
}
