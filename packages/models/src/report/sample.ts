import type { FieldSamples, Ink, LevelSamples } from "./report";

type Range = readonly [min: number, max: number];

/**
 * Samples a planar vector field on a grid of cell centres, for the arrows of a phase portrait.
 * @param field (x, y) to [dx, dy]
 * @param options `columns` × `rows` arrows over the box `x` by `y`. @defaultValue 18 × 14
 */
export function sampleField(
  field: (x: number, y: number) => readonly [dx: number, dy: number],
  options: {
    readonly name: string;
    readonly ink: Ink;
    readonly x: Range;
    readonly y: Range;
    readonly columns?: number;
    readonly rows?: number;
  },
): FieldSamples {
  const { columns = 18, rows = 14 } = options;
  const count = columns * rows;
  const samples = {
    x: new Float64Array(count),
    y: new Float64Array(count),
    dx: new Float64Array(count),
    dy: new Float64Array(count),
  };
  for (let k = 0; k < count; k++) {
    const x = between(options.x, ((k % columns) + 0.5) / columns);
    const y = between(options.y, (Math.floor(k / columns) + 0.5) / rows);
    const [dx, dy] = field(x, y);
    samples.x[k] = x;
    samples.y[k] = y;
    samples.dx[k] = dx;
    samples.dy[k] = dy;
  }
  return { name: options.name, ink: options.ink, ...samples };
}

/**
 * Samples a scalar for the level lines of a phase portrait, a little beyond the box `x` by `y`
 * so that lines which close along the edge of the grid are cut off by the frame.
 * @param options `resolution` is the number of samples along each axis. @defaultValue 80
 */
export function sampleLevels(
  scalar: (x: number, y: number) => number,
  options: {
    readonly name: string;
    readonly x: Range;
    readonly y: Range;
    readonly resolution?: number;
    readonly thresholds?: readonly number[];
  },
): LevelSamples {
  const { resolution = 80, thresholds } = options;
  const x: Range = [between(options.x, -0.04), between(options.x, 1.04)];
  const y: Range = [between(options.y, -0.04), between(options.y, 1.04)];
  const values = new Float64Array(resolution * resolution);
  for (let k = 0; k < values.length; k++) {
    // d3 contours place sample k at the centre of cell k
    values[k] = scalar(
      between(x, ((k % resolution) + 0.5) / resolution),
      between(y, (Math.floor(k / resolution) + 0.5) / resolution),
    );
  }
  return {
    name: options.name,
    width: resolution,
    height: resolution,
    x,
    y,
    values,
    ...(thresholds ? { thresholds } : {}),
  };
}

const between = ([min, max]: Range, part: number): number => min + (max - min) * part;
