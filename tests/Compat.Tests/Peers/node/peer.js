'use strict';

const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

/** The Peer service's client class and description. */
exports.load = protoFile => grpc.loadPackageDefinition(
  loader.loadSync(protoFile, { defaults: true, longs: Number })).llmgateway.compat.v1.Peer;
