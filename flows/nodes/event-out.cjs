module.exports = require('./event-out.ts').register
