/** The text of every file that is made from abi/table.cjs and from the kernels' signatures, by its path in the package. */
export function abiFiles(): Readonly<Record<string, string>>;
