// The package's own folder, for ESM and for tests that are turned into CommonJS alike.
module.exports = __dirname;
