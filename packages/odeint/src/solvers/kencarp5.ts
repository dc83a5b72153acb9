import { additive } from "../implicit/dirk";
import type { ImexSolver } from "../implicit/tableau";

/**
 * Kennedy and Carpenter's additive method 5(4), eight stages, ARK5(4)8L[2]SA: for fields with a stiff part and one that is not, made by `imex` or
 * `semilinear`; only the stiff part is solved with. A plain field is all stiff. Its implicit a₇₆ has the denominator 7827059040749; the …719 that is printed in some codes costs 2e-12.
 * The estimate's weights are those published and of order 4, but the embedded implicit part nearly meets the conditions of order 5 (it misses them by
 * 4.9e-5, root of the sum of squares; kvaerno5's by 8.2e-4), and where the field is very stiff it grows without bound. So the estimate is divided by
 * I − hγJ and counts five times: other weights of order 4 are multiples of these.
 * Kennedy and Carpenter 2003, doi:10.1016/S0168-9274(02)00138-1.
 */
export const kencarp5: ImexSolver = additive({
  name: "kencarp5",
  order: 5,
  c: [0, 0.41, 0.25992958444838016, 0.19815048669250362, 0.92, 0.24, 0.6, 1],
  explicit: [
    [],
    [0.41],
    [0.17753520777580992, 0.08239437667257023],
    [0.12262307902976895, 0, 0.07552740766273468],
    [2.2901776494938124, 0, 11.244925765143737, -12.615103414637549],
    [0.4029445178347679, 0, 1.3540123800181454, -1.4857008988406062, -0.031255999012307065],
    [1.4641384430844078, 0, 7.230468679858015, -7.844607122942423, -0.125, -0.125],
    [
      -1.6748080049977643, 0, -6.389438645559299, 14.692200676518024, 0.0946662343256827, -7.21115732765286,
      1.4885370673662177,
    ],
  ],
  implicit: [
    [0],
    [0.205, 0.205],
    [0.1025, -0.047570415551619845, 0.205],
    [0.07389944079200692, 0, -0.08074895409950329, 0.205],
    [0.299218118308015, 0, 2.4638206661140414, -2.0480387844220567, 0.205],
    [0.14689238442881303, 0, 0.11740332879881549, -0.221701968002454, -0.007593745225174481, 0.205],
    [
      0.17845729560319554, 0, 1.0197467452199207, -0.22154535039396367, -0.03612491620526532, -0.5455337742238872,
      0.205,
    ],
    [
      -0.09554858675139874, 0, 0, 2.3386928037652464, -0.14043175608247527, -2.070587707956559, 0.7628752470251866,
      0.205,
    ],
  ],
  bError: [
    0.004028378053609986, 0, 0, -0.06847007623452846, 0.019716427003038314, 0.07364888848796769, -0.01669037539981169,
    -0.012233241910275841,
  ],
  embeddedOrder: 4,
  filtered: true,
  caution: 5,
  // Continuous conditions of order 4; of order 3 where the field is infinitely stiff, whatever the first slope errs by; the least residual of order 5.
  dense: {
    kind: "polynomial",
    order: 4,
    coefficients: [
      [0.8742309857608571, -2.5624897631422976, 3.0521572148412126, -1.4594470242111683],
      [0, 0, 0, 0],
      [-3.065143022875616, 21.377400768949972, -28.31792427781216, 10.00566653173756],
      [0.7914670645338919, -6.413219568307298, 12.188373833844798, -4.227928526306029],
      [-0.45589575867998755, 4.0616210885312505, -7.6156336024311795, 3.8694765164975067],
      [2.120558533065517, -9.035901702557402, 5.506761059343248, -0.6620055978078696],
      [0.4610009499322842, -5.1837487772641, 11.38992857353473, -5.9043054991778146],
      [0.27378124826283357, -2.2436620462102, 3.796337198679332, -1.621456400732008],
    ],
  },
  reference: "Kennedy and Carpenter 2003, doi:10.1016/S0168-9274(02)00138-1",
});
