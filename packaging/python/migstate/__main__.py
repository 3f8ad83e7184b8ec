from migstate._run import main

main()
