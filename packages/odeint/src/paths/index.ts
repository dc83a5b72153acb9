export { cubicPath } from "./cubic";
export { hermitePath } from "./hermite";
export { linearPath } from "./linear";
export { type Path, piecewisePath, type Pieces } from "./path";
export { rectilinearPath } from "./rectilinear";
