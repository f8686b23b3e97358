s/, time [0-9]+ms//
