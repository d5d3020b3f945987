// Compiles contracts.sol; prints {"Token": {"code": …, "creation": …, "methods": {"mint(address,uint256)": …}}, …}
// `code` runs at any address; `creation` is the data of a deploying transaction.
const { readFileSync } = require("fs");
const { join } = require("path");
const solc = require("solc");

const file = "contracts.sol";
const { errors = [], contracts } = JSON.parse(
  solc.compile(
    JSON.stringify({
      language: "Solidity",
      sources: { [file]: { content: readFileSync(join(__dirname, file), "utf8") } },
      settings: {
        evmVersion: "shanghai",
        optimizer: { enabled: true },
        viaIR: true,
        outputSelection: {
          "*": { "*": ["evm.bytecode.object", "evm.deployedBytecode.object", "evm.methodIdentifiers"] },
        },
      },
    }),
  ),
);
if (errors.length) {
  console.error(errors.map((each) => each.formattedMessage).join("\n"));
  process.exit(1);
}
const compiled = Object.entries(contracts[file]).map(([name, { evm }]) => [
  name,
  {
    code: `0x${evm.deployedBytecode.object}`,
    creation: `0x${evm.bytecode.object}`,
    methods: evm.methodIdentifiers,
  },
]);
console.log(JSON.stringify(Object.fromEntries(compiled)));
