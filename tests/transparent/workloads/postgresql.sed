s/process with PID [0-9]+/process with PID N/
