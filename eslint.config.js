import js from "@eslint/js";

/* All rules of eslint but these, and these as they are set here; each with its reason. */
const RULES = {
  camelcase: ["error", { properties: "never", ignoreDestructuring: true }], // the contract's names are Python's
  "capitalized-comments": "off", // a remark at the end of a line is part of it
  complexity: ["error", 22],
  "consistent-return": "off", // tsc says where a value is missing
  curly: ["error", "multi-line"], // a guard is one line
  "func-style": "off", // what is one expression is an arrow
  "id-length": ["error", { exceptions: ["R", "T", "_", "s", "t", "x", "y"], properties: "never" }],
  "init-declarations": "off", // a timer that does not run has no value
  "max-lines": ["error", { max: 450, skipBlankLines: true, skipComments: true }],
  "max-lines-per-function": ["error", { max: 60, skipComments: true }],
  "max-params": ["error", 5], // a picture takes rows, range and step
  "max-statements": "off", // lines are counted
  "no-await-in-loop": "off", // steps and tries follow one another
  "no-bitwise": ["error", { allow: ["&"] }], // the lowest bit of a number
  "no-continue": "off", // a guard of a loop
  "no-empty-function": ["error", { allow: ["arrowFunctions", "methods"] }], // nobody listens yet
  "no-inline-comments": "off", // types stand in the line
  "no-magic-numbers": "off", // pixels and shares stand where they are used; what has a meaning has a name
  "no-nested-ternary": "off", // a list of cases
  "no-ternary": "off",
  "no-undef": "off", // tsc knows what there is
  "no-undefined": "off", // what is left out, to Plotly and to JSON
  "no-underscore-dangle": ["error", { allow: ["_dragging", "_fullLayout", "_length", "_offset"] }], // Plotly's
  "no-use-before-define": ["error", { functions: false, variables: false }], // what matters comes first
  "no-void": ["error", { allowAsStatement: true }], // a promise that nobody waits for says so
  "one-var": ["error", "never"],
  "prefer-named-capture-group": "off", // the patterns are short
  "prefer-destructuring": ["error", { VariableDeclarator: { array: false, object: true } }], // not for what is there already
  "require-atomic-updates": "off", // takes every module variable that is set after an await for a race
  "sort-imports": ["error", { ignoreDeclarationSort: true }], // they are sorted by file
  "sort-keys": "off", // the order says what belongs together
};

export default [
  { ignores: [".venv*/**"] },
  js.configs.all,
  { linterOptions: { reportUnusedDisableDirectives: "error" }, rules: RULES },
  { files: ["visualizer/guard.js", "visualizer/first-look.js"], languageOptions: { sourceType: "script" } },
];
