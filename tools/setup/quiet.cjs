// TensorFlow.js advises every Node process, once, to install its native backend; in the tests' output that hides warnings.
const { warn } = console;
console.warn = (...args) => {
  if (!String(args[0]).includes('Hi, looks like you are running TensorFlow.js in Node.js')) warn.apply(console, args);
};
