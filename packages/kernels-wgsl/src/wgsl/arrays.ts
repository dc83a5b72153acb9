/** An input of a program, or a result, that kernels read and write where it is rather than in the memory of programs. */
export interface BoundArray {
  readonly of: "inputs" | "results";
  readonly index: number;
  readonly words: number;
}

/** WGSL that declares the arrays of a kernel, in the order of their bindings. @param sized are their lengths told? Then only indices that are computed need a check. */
export const declarations = (arrays: readonly BoundArray[], sized: boolean): string[] =>
  arrays.map(
    ({ of, words }, k) =>
      `@group(1) @binding(${k}) var<storage, ${of === "inputs" ? "read" : "read_write"}> array${k}: array<u32${sized ? `, ${words}` : ""}>;`,
  );
