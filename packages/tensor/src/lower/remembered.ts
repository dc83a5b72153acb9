/** A function of an object, computed once for each. */
/* @__NO_SIDE_EFFECTS__ */
export function remembered<Of extends object, T>(compute: (of: Of) => T): (of: Of) => T {
  const known = new WeakMap<Of, T>();
  return (of) => {
    let value = known.get(of);
    if (value === undefined) known.set(of, (value = compute(of)));
    return value;
  };
}
