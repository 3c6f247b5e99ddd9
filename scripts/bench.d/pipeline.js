// The straightforward pipeline that rehose is measured against: one object of
// VPC flow logs from a Firehose stash to CSV, with what Node brings along.
//
//   node pipeline.js IN OUT
'use strict';

const fs = require('fs');
const { pipeline, Transform } = require('stream');
const zlib = require('zlib');

const HEADER =
  'timestamp,version,account-id,interface-id,srcaddr,dstaddr,srcport,dstport,' +
  'protocol,packets,bytes,start,end,action,log-status\n';

class Rows extends Transform {
  constructor() {
    super({ decodeStrings: false });
    this.carry = '';
    this.push(HEADER);
  }

  _transform(chunk, encoding, done) {
    const text = this.carry + chunk;
    const event = /"timestamp":([0-9]+),"message":"(.+?)"/g;
    let rows = '';
    let end = 0;
    for (let match; (match = event.exec(text)) !== null; end = event.lastIndex) {
      const [, timestamp, message] = match;
      rows += new Date(+timestamp).toISOString() + ',' + message.split(' ').join(',') + '\n';
    }
    // An event may go on in the next chunk.
    this.carry = text.slice(end);
    done(null, rows);
  }
}

const [input, output] = process.argv.slice(2);
if (output === undefined) {
  console.error('usage: node pipeline.js IN OUT');
  process.exit(2);
}

pipeline(
  fs.createReadStream(input),
  // As text, so that no character is cut in two at the end of a chunk.
  zlib.createGunzip().setEncoding('utf8'),
  new Rows(),
  zlib.createGzip(),
  fs.createWriteStream(output),
  (error) => {
    if (error) {
      console.error(`${input}: ${error.message}`);
      process.exitCode = 1;
    }
  },
);
