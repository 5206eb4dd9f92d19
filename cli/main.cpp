#include "motorium/cli/cli.h"

int main(int argc, char** argv) { return motorium::main(argc, argv); }
